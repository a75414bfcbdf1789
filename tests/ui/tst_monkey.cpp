// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "tests/ui/monkey.h"
#include "tests/ui/whole_program.h"
#include "ui/session/session.h"
#include "ui/widgets/main_window.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

using namespace reverie;
using namespace reverie::ui;

namespace {

constexpr int few_events = 400;

int fromEnvironment(const char* name, int otherwise)
{
    bool isSet = false;
    const int value = qEnvironmentVariableIntValue(name, &isSet);
    return isSet ? value : otherwise;
}

} // namespace

/// Nothing that a person does with mouse and keys ends the program, makes Qt complain or holds up the window.
/// REVERIE_MONKEY_SEED and REVERIE_MONKEY_EVENTS give other events, or the same again.
class MonkeyTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void randomClicksAndKeysDoNoHarm_data()
    {
        QTest::addColumn<int>("page");
        QTest::newRow("create") << 0;
        QTest::newRow("gallery") << 1;
        QTest::newRow("train") << 2;
        QTest::newRow("models") << 3;
    }

    void randomClicksAndKeysDoNoHarm()
    {
        QFETCH(const int, page);
        const int events = fromEnvironment("REVERIE_MONKEY_EVENTS", few_events);
        const int seed = fromEnvironment("REVERIE_MONKEY_SEED", 1);
        WholeProgram program;
        program.start();
        QSignalSpy ready(&program.session(), &Session::modelReady);
        QTRY_VERIFY_WITH_TIMEOUT(!ready.isEmpty(), 30'000);
        Monkey monkey(program, page, quint32(seed));
        QElapsedTimer clock;
        clock.start();
        const QString trouble = monkey.play(events);
        qInfo("%d events with seed %d in %.1f s, %d windows, the longest gap %lld ms", events, seed,
              double(clock.elapsed()) / 1000, monkey.windows() + 1, monkey.longestGap());
        QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
    }
};

int main(int argc, char** argv)
{
    prepare_process();
    QApplication app(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    QCoreApplication::setOrganizationName(QStringLiteral("Reverie tests"));
    QCoreApplication::setApplicationName(QStringLiteral("tst_monkey"));
    MonkeyTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_monkey.moc"
