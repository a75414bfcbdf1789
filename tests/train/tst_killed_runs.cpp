// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "core/run/metrics.h"
#include "core/run/run_status.h"
#include "tests/train/squares.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <map>

namespace fs = std::filesystem;

/// Kills real `dream train` processes and goes on with them. REVERIE_KILLS says how often, 4 if it is not
/// set; every fifth kill falls into the writing of a checkpoint.
class KilledRunsTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    qint64 m_wholeMs = 0;
    fs::path path(const std::string& name) const { return fs::path(m_folder.path().toStdString()) / name; }

    QStringList freshRun(const std::string& run) const
    {
        QStringList arguments{
            QStringLiteral("train"),     QStringLiteral("all"),
            QStringLiteral("--config"),  QStringLiteral(REVERIE_TEST_DATA "/train/smallest.json"),
            QStringLiteral("--device"),  QStringLiteral("cpu"),
            QStringLiteral("--threads"), QStringLiteral("1"),
            QStringLiteral("--data"),    QString::fromStdString(path("squares.safetensors")),
            QStringLiteral("--run"),     QString::fromStdString(path(run))
        };
        for (const auto* setting : { "steps=40", "batch=8", "report_every=1", "checkpoint_every=7",
                                     "sample_every=20", "validate_every=10" })
            arguments << QStringLiteral("--set") << QString::fromLatin1(setting);
        return arguments;
    }

    /// Begins the run or goes on with it, by what there is of it.
    void start(QProcess& process, const std::string& run) const
    {
        process.start(QStringLiteral(DREAM_PROGRAM),
                      fs::exists(path(run) / "run.json")
                          ? QStringList{ QStringLiteral("train"), QStringLiteral("--resume"),
                                         QString::fromStdString(path(run)) }
                          : freshRun(run));
    }

    bool hasACheckpoint(const std::string& run) const
    {
        return !reverie::list_checkpoints(path(run)).empty();
    }

    bool isWritingACheckpoint(const std::string& run) const
    {
        std::error_code error;
        for (fs::directory_iterator it(path(run) / "checkpoints", error), end; !error && it != end;
             it.increment(error))
            if (it->path().extension() == ".tmp")
                return true;
        return false;
    }

    /// "part split step" -> loss, of the lines that hold.
    std::map<std::string, double> losses(const std::string& run) const
    {
        std::map<std::string, double> losses;
        for (const auto& line : reverie::current_metrics(path(run)))
            if (line.numbers.contains("loss"))
                losses[line.part + " " + line.split + " " + std::to_string(line.step)]
                    = line.numbers.at("loss");
        return losses;
    }

private Q_SLOTS:
    void initTestCase()
    {
        writeSquares(path("squares.safetensors"));
        QElapsedTimer timer;
        timer.start();
        QProcess process;
        start(process, "whole");
        QVERIFY(process.waitForFinished(300000));
        QVERIFY2(process.exitCode() == 0, process.readAllStandardError());
        m_wholeMs = timer.elapsed();
    }

    void aKilledRunGoesOnToTheSameNumbers()
    {
        const int kills = qEnvironmentVariableIntValue("REVERIE_KILLS")
            ? qEnvironmentVariableIntValue("REVERIE_KILLS")
            : 4;
        QRandomGenerator random(7);
        int killed = 0, insideCheckpoints = 0, aboveZero = 0, round = 0;
        while (killed < kills) {
            const auto run = "killed-" + std::to_string(round++);
            for (bool finished = false; !finished;) {
                QProcess process;
                start(process, run);
                QVERIFY(process.waitForStarted());
                const bool inCheckpoint = killed % 5 == 2;
                const auto patience = qint64(random.bounded(int(m_wholeMs / 2))) + m_wholeMs / 10;
                QElapsedTimer timer;
                timer.start();
                const bool anywhere = killed % 10 == 0; // else where there is a checkpoint to go on from
                const auto isDue = [&] {
                    return (anywhere || hasACheckpoint(run))
                        && (inCheckpoint ? isWritingACheckpoint(run) : timer.elapsed() >= patience);
                };
                while (process.state() == QProcess::Running && killed < kills && !isDue())
                    process.waitForFinished(1);
                if (killed < kills && process.state() == QProcess::Running) {
                    insideCheckpoints += isWritingACheckpoint(run) ? 1 : 0;
                    aboveZero += hasACheckpoint(run) ? 1 : 0;
                    process.kill(); // SIGKILL
                    ++killed;
                }
                QVERIFY(process.state() == QProcess::NotRunning || process.waitForFinished(300000));
                if (process.exitStatus() == QProcess::NormalExit)
                    QVERIFY2(process.exitCode() == 0, process.readAllStandardError());
                finished = process.exitStatus() == QProcess::NormalExit;
            }
            QVERIFY(losses(run) == losses("whole"));
            const auto ours = reverie::read_safetensors(path(run) / "model.safetensors").tensors;
            const auto straight = reverie::read_safetensors(path("whole/model.safetensors")).tensors;
            QCOMPARE(ours.size(), straight.size());
            for (const auto& [name, tensor] : straight)
                QVERIFY2(torch::equal(ours.at(name), tensor), name.c_str());
        }
        qInfo("%d kills in %d runs, %d of them while a checkpoint was written, %d to go on above step 0",
              killed, round, insideCheckpoints, aboveZero);
        QVERIFY(aboveZero >= kills * 4 / 5);
        QVERIFY(insideCheckpoints >= kills / 5);
    }
};

QTEST_GUILESS_MAIN(KilledRunsTest)
#include "tst_killed_runs.moc"
