// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "core/run/run_directory.h"
#include "tests/base/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <unistd.h>

namespace fs = std::filesystem;
using reverie::RunDirectory;

class RunDirectoryTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path run() const { return fs::path(m_folder->path().toStdString()) / "run"; }

    static void fill(const fs::path& folder)
    {
        reverie::write_file(folder / "model.safetensors", "model");
        reverie::write_file(folder / "state.safetensors", "state");
    }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void theStatusSaysWhoRunsAndHowFarItIs()
    {
        {
            RunDirectory directory(run(), /*resume=*/false);
            directory.set_progress("clip", 7, 20, 12.5);
            directory.set_state("running");
            const auto status = reverie::read_run_status(run());
            QVERIFY(status && reverie::is_alive(*status));
            QCOMPARE(status->pid, std::int64_t(getpid()));
            QCOMPARE(QString::fromStdString(status->part), QStringLiteral("clip"));
            QCOMPARE(status->step, 7);
            QCOMPARE(status->steps, 20);
            QCOMPARE(status->eta_s, 12.5);
            directory.set_state("finished");
        }
        const auto status = reverie::read_run_status(run());
        QVERIFY(!reverie::is_alive(*status));
        QCOMPARE(QString::fromStdString(status->state), QStringLiteral("finished"));
    }

    void theHeartbeatMovesByItself()
    {
        const RunDirectory directory(run(), /*resume=*/false);
        const double before = reverie::read_run_status(run())->heartbeat;
        QTRY_VERIFY_WITH_TIMEOUT(reverie::read_run_status(run())->heartbeat > before + 0.5, 5000);
    }

    void aRunThatEndsWithoutAWordHasFailed()
    {
        {
            const RunDirectory directory(run(), /*resume=*/false);
        }
        QCOMPARE(QString::fromStdString(reverie::read_run_status(run())->state), QStringLiteral("failed"));
    }

    void aRunInUseIsRefused()
    {
        const RunDirectory directory(run(), /*resume=*/false);
        for (const bool resume : { false, true })
            QVERIFY(
                errorOf([&] { const RunDirectory second(run(), resume); }).contains(u"is in use by process"));
    }

    void aRunIsNeitherOverwrittenNorMadeUp()
    {
        QVERIFY(errorOf([&] { const RunDirectory none(run(), /*resume=*/true); }).contains(u"holds no run"));
        {
            RunDirectory directory(run(), /*resume=*/false);
            directory.write_configuration("{}");
            directory.set_state("stopped");
        }
        QVERIFY(errorOf([&] { const RunDirectory again(run(), /*resume=*/false); }).contains(u"--resume"));
        const RunDirectory resumed(run(), /*resume=*/true);
    }

    void aProcessThatDiedOrWasReplacedIsNotAlive()
    {
        {
            RunDirectory directory(run(), /*resume=*/false);
            directory.set_state("running");
            auto status = *reverie::read_run_status(run());
            status.process_start += 1;
            QVERIFY(!reverie::is_alive(status));
            status.pid = 0x7ffffff0;
            QVERIFY(!reverie::is_alive(status));
        }
    }

    void elsewhereTheHeartbeatCounts()
    {
        const RunDirectory directory(run(), /*resume=*/false);
        auto status = *reverie::read_run_status(run());
        status.host += "-elsewhere";
        QVERIFY(reverie::is_alive(status));
        status.heartbeat -= 31;
        QVERIFY(!reverie::is_alive(status));
    }

    void theNewestThreeCheckpointsAreKeptInTheOrderOfTraining()
    {
        const RunDirectory directory(run(), /*resume=*/false);
        for (const auto& [part, step] :
             { std::pair{ "clip", 900 }, { "prior", 20 }, { "unet1", 5 }, { "unet2", 3 } })
            directory.write_checkpoint(part, step, fill);
        const auto checkpoints = reverie::list_checkpoints(run());
        QCOMPARE(checkpoints.size(), 3U);
        QCOMPARE(QString::fromStdString(checkpoints.front().part), QStringLiteral("prior"));
        QCOMPARE(QString::fromStdString(checkpoints.back().folder.filename()),
                 QStringLiteral("unet2-00000003"));
    }

    void aCheckpointThatFailsLeavesNoTrace()
    {
        const RunDirectory directory(run(), /*resume=*/false);
        const auto fail = [](const fs::path& folder) {
            reverie::write_file(folder / "model.safetensors", "half");
            throw reverie::Error("full");
        };
        QCOMPARE(errorOf([&] { directory.write_checkpoint("clip", 1, fail); }), QStringLiteral("full"));
        QVERIFY(reverie::list_checkpoints(run()).empty());
        directory.write_checkpoint("clip", 1, fill);
        QCOMPARE(reverie::list_checkpoints(run()).size(), 1U);
    }

    void linesAreAppended()
    {
        const RunDirectory directory(run(), /*resume=*/false);
        directory.append_metrics(R"({"step":1})");
        directory.append_metrics(R"({"step":2})");
        QVERIFY(reverie::read_file(run() / "metrics.jsonl") == "{\"step\":1}\n{\"step\":2}\n");
        directory.log("Begun.");
        QVERIFY(reverie::read_file(run() / "log.txt").ends_with(" Begun.\n"));
    }
};

QTEST_GUILESS_MAIN(RunDirectoryTest)
#include "tst_run_directory.moc"
