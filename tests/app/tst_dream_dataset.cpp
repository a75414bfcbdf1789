// SPDX-License-Identifier: MIT
#include "tests/data/picture_files.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>

using nlohmann::json;

namespace {

struct Run {
    int status = -1;
    QByteArray out, err;
};

} // namespace

class DreamDatasetTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    std::filesystem::path at(const char* name) const
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }
    Run dream(const QString& arguments) const
    {
        QProcess process;
        process.setWorkingDirectory(m_folder.path());
        process.start(QStringLiteral(DREAM_PROGRAM), arguments.split(u' '));
        process.waitForFinished(120'000);
        return { process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
                 process.readAllStandardOutput(), process.readAllStandardError() };
    }

private Q_SLOTS:
    void initTestCase()
    {
        writePicture(at("in/a red square.png"), Qt::red);
        writePicture(at("in/a blue square.webp"), Qt::blue);
        writeText(at("in/a torn one.jpg"), "no picture");
    }

    void aSoundDataSetPassesItsCheck()
    {
        const auto run = dream(QStringLiteral("dataset check shapes:12 --no-sheet"));
        QVERIFY2(run.status == 0, run.err.constData());
        QVERIFY(run.out.contains("Looked at 12 pictures; 12 can be trained on."));
        QVERIFY(!std::filesystem::exists(at("shapes-12-check.png")));
    }

    void aFlawedOneFailsAndIsShown()
    {
        const auto run = dream(QStringLiteral("dataset check in"));
        QVERIFY2(run.status == 1, run.err.constData());
        QVERIFY(run.out.contains("a torn one.jpg is no JPEG"));
        QVERIFY(run.out.contains("Looked at 3 pictures; 2 can be trained on.\nin-check.png\n"));
        QCOMPARE(QImage(QString::fromStdString(at("in-check.png").string())).width(), 3 * 104);
        QCOMPARE(dream(QStringLiteral("dataset check in --sheet in-check.png")).status, 2);
        const auto nowhere = dream(QStringLiteral("dataset check in --sheet nowhere/sheet.png"));
        QCOMPARE(nowhere.status, 2);
        QVERIFY2(nowhere.err.contains("give another place with --sheet"), nowhere.err.constData());
    }

    void linesOfJsonSayTheSame()
    {
        const auto lines
            = dream(QStringLiteral("dataset check in --json --no-sheet")).out.trimmed().split('\n');
        QCOMPARE(lines.size(), 2);
        const auto flaw = json::parse(lines[0].toStdString()), result = json::parse(lines[1].toStdString());
        QCOMPARE(flaw["kind"].get<std::string>(), std::string("unreadable"));
        QCOMPARE(result["usable"].get<int>(), 2);
        QCOMPARE(result["flaws"]["unreadable"].get<int>(), 1);
    }

    void whatIsUsableIsPacked()
    {
        const auto run
            = dream(QStringLiteral("dataset pack in --size 32 --resize pad -o pack.safetensors --json"));
        QVERIFY2(run.status == 0, run.err.constData());
        QCOMPARE(json::parse(run.out.toStdString())["pictures"].get<int>(), 2);
        const auto info = dream(QStringLiteral("dataset info pack.safetensors --json"));
        QCOMPARE(json::parse(info.out.toStdString())["pictures"].get<int>(), 2);
        QCOMPARE(dream(QStringLiteral("dataset info in")).status, 0);
        QCOMPARE(dream(QStringLiteral("dataset info nowhere")).status, 2);
    }
};

QTEST_GUILESS_MAIN(DreamDatasetTest)
#include "tst_dream_dataset.moc"
