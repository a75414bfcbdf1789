// SPDX-License-Identifier: MIT
#include "ui/session/session.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/theme.h"

#include <QElapsedTimer>
#include <QFile>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <iostream>

using namespace reverie::ui;

namespace {

bool torchIsLoaded()
{
    QFile maps(QStringLiteral("/proc/self/maps"));
    return maps.open(QFile::ReadOnly) && maps.readAll().contains("libtorch");
}

/// Looks at what is loaded when the window has painted for the first time.
class FirstPaint : public QObject
{
public:
    using QObject::QObject;
    bool happened = false;
    bool withTorch = false;

    bool eventFilter(QObject*, QEvent* event) override
    {
        if (event->type() == QEvent::Paint && !happened) {
            happened = true;
            withTorch = torchIsLoaded();
        }
        return false;
    }
};

} // namespace

class StartUpTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

private Q_SLOTS:
    void initTestCase()
    {
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_folder.path());
    }

    void theFirstPaintDoesNotWaitForTheModelLibrary()
    {
        QElapsedTimer clock;
        clock.start();
        Theme::instance().apply(Appearance::Light);
        Session session;
        QSignalSpy opened(&session, &Session::modelOpened);
        QSignalSpy failed(&session, &Session::modelFailed);
        MainWindow window(session);
        FirstPaint paint;
        window.installEventFilter(&paint);
        window.show();
        QTRY_VERIFY(paint.happened);
        std::cout << "first paint after " << clock.elapsed() << " ms\n";
        QVERIFY(!paint.withTorch);
        QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty() || !failed.isEmpty(), 10000);
        if (!opened.isEmpty())
            QTRY_VERIFY_WITH_TIMEOUT(torchIsLoaded() || !failed.isEmpty(), 20000);
    }
};

QTEST_MAIN(StartUpTest)
#include "tst_start_up.moc"
