// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "core/run/run_directory.h"
#include "core/run/run_list.h"
#include "tests/base/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cstring>
#include <memory>
#include <unistd.h>

namespace fs = std::filesystem;
using reverie::RunDirectory;

namespace {

/// CRC-32C bit by bit, masked as TFRecord has it.
quint32 maskedChecksum(const QByteArray& bytes)
{
    quint32 crc = ~0U;
    for (const char byte : bytes) {
        crc ^= quint8(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78U : 0);
    }
    crc = ~crc;
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

quint64 takeVarint(QByteArray& bytes)
{
    quint64 value = 0;
    for (int shift = 0;; shift += 7) {
        const auto byte = quint8(bytes.at(0));
        bytes.remove(0, 1);
        value |= quint64(byte & 0x7fU) << shift;
        if (byte < 0x80)
            return value;
    }
}

/// The fields of a protocol buffer message by their numbers, each as its bytes or the varint's digits.
QMultiMap<int, QByteArray> fieldsOf(QByteArray message)
{
    QMultiMap<int, QByteArray> fields;
    while (!message.isEmpty()) {
        const auto key = takeVarint(message);
        const int wire = int(key & 7U);
        if (wire == 0) {
            fields.insert(int(key >> 3U), QByteArray::number(takeVarint(message)));
            continue;
        }
        const auto size = wire == 2 ? qsizetype(takeVarint(message)) : wire == 1 ? 8 : 4;
        fields.insert(int(key >> 3U), message.left(size));
        message.remove(0, size);
    }
    return fields;
}

template <class T>
T fixed(const QByteArray& bytes)
{
    T value{};
    std::memcpy(&value, bytes.constData(), sizeof value);
    return value;
}

/// Reads an event file as TensorBoard's format description has it; "damaged" if a checksum is wrong.
QStringList read_scalars(const QByteArray& file)
{
    QStringList scalars;
    int record = 0;
    for (qsizetype at = 0; at < file.size(); ++record) {
        const auto length = file.mid(at, 8);
        const auto message = file.mid(at + 12, qsizetype(fixed<quint64>(length)));
        if (maskedChecksum(length) != fixed<quint32>(file.mid(at + 8, 4))
            || maskedChecksum(message) != fixed<quint32>(file.mid(at + 12 + message.size(), 4)))
            return { QStringLiteral("damaged") };
        at += 16 + message.size();
        const auto event = fieldsOf(message);
        if (record == 0 && event.value(3) != "brain.Event:2")
            return { QStringLiteral("no version") };
        if (record == 1 && fieldsOf(event.value(7)).value(1) != "1")
            return { QStringLiteral("no start of session") };
        if (!event.contains(5))
            continue;
        const auto value = fieldsOf(fieldsOf(event.value(5)).value(1));
        scalars << QStringLiteral("%1 %2 %3")
                       .arg(QString::fromUtf8(value.value(1)), QString::fromUtf8(event.value(2)))
                       .arg(double(fixed<float>(value.value(2))));
    }
    return scalars;
}

} // namespace

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

    /// "part step loss" of every training line that holds.
    QString losses() const
    {
        QStringList lines;
        for (const auto& line : reverie::current_metrics(run()))
            if (line.split == "train")
                lines << QStringLiteral("%1 %2 %3")
                             .arg(QString::fromStdString(line.part))
                             .arg(line.step)
                             .arg(line.numbers.at("loss"));
        return lines.join(QStringLiteral(", "));
    }

    /// "tag step value" of every scalar in the run's one event file.
    QString scalars() const
    {
        QStringList found;
        for (const auto& entry : fs::directory_iterator(run()))
            if (entry.path().filename().string().starts_with("events.out.tfevents."))
                found << read_scalars(QByteArray::fromStdString(reverie::read_file(entry.path())));
        return found.join(QStringLiteral(", "));
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

    void aNameThatIsNoTextIsNotedAllTheSame()
    {
        RunDirectory directory(run(), /*resume=*/false);
        directory.set_state("failed", "caf\xe9.jpg can't be read.");
        QCOMPARE(QString::fromStdString(reverie::read_run_status(run())->reason),
                 QString(QStringLiteral("caf") + QChar(QChar::ReplacementCharacter)
                         + QStringLiteral(".jpg can't be read.")));
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
        QVERIFY(fs::is_empty(run() / "checkpoints")); // nor does it take room on a full disk
        directory.write_checkpoint("clip", 1, fill);
        QCOMPARE(reverie::list_checkpoints(run()).size(), 1U);
    }

    void linesAreAppended()
    {
        RunDirectory directory(run(), /*resume=*/false);
        directory.append_metrics(R"({"step":1})");
        directory.append_metrics(R"({"step":2})");
        QVERIFY(reverie::read_file(run() / "metrics.jsonl") == "{\"step\":1}\n{\"step\":2}\n");
        directory.log("Begun.");
        QVERIFY(reverie::read_file(run() / "log.txt").ends_with(" Begun.\n"));
    }

    void aLineThatWasCutOffIsEndedFirst()
    {
        fs::create_directories(run());
        reverie::write_file(run() / "metrics.jsonl", "{\"step\":1}\n{\"st");
        RunDirectory directory(run(), /*resume=*/false);
        directory.append_metrics(R"({"step":2})");
        QVERIFY(reverie::read_file(run() / "metrics.jsonl") == "{\"step\":1}\n{\"st\n{\"step\":2}\n");
        QCOMPARE(reverie::current_metrics(run()).size(), 2U);
    }

    void theBestCheckpointIsKeptBesideTheNewest()
    {
        const RunDirectory directory(run(), /*resume=*/false);
        directory.name_best("clip", 20, 0.5);
        for (int step = 10; step <= 60; step += 10)
            directory.write_checkpoint("clip", step, fill);
        QStringList kept;
        for (const auto& checkpoint : reverie::list_checkpoints(run()))
            kept << QString::number(checkpoint.step);
        QCOMPARE(kept.join(u' '), QStringLiteral("20 40 50 60"));
        QCOMPARE(reverie::best_checkpoint(run(), "clip")->step, 20);
        QVERIFY(!reverie::best_checkpoint(run(), "prior"));
        directory.remove_checkpoints_after("clip", 40);
        QCOMPARE(reverie::list_checkpoints(run()).size(), 2U);
    }

    void halfACheckpointIsClearedAway()
    {
        fs::create_directories(run() / "checkpoints/clip-00000005.tmp");
        const RunDirectory directory(run(), /*resume=*/false);
        QVERIFY(!fs::exists(run() / "checkpoints/clip-00000005.tmp"));
    }

    void aLockKeepsAProcessOutThatTheStatusDoesNotShow()
    {
        const RunDirectory directory(run(), /*resume=*/false);
        fs::remove(run() / "status.json");
        QVERIFY(errorOf([&] { const RunDirectory second(run(), false); }).contains(u"is in use"));
    }

    void requestsAreTakenOnceInTheirOrder()
    {
        const RunDirectory directory(run(), /*resume=*/false);
        reverie::post_request(run(), { "set", R"({"key":"lr","value":0.001})" });
        reverie::post_request(run(), { "pause" });
        reverie::write_file(run() / "control/99-rollback.json", R"({"step": 5})"); // as another program may
        const auto requests = directory.take_requests();
        QCOMPARE(requests.size(), 3U);
        QCOMPARE(QString::fromStdString(requests[0].verb), QStringLiteral("set"));
        QVERIFY(requests[0].arguments.find("0.001") != std::string::npos);
        QCOMPARE(QString::fromStdString(requests[1].verb), QStringLiteral("pause"));
        QCOMPARE(QString::fromStdString(requests[2].verb), QStringLiteral("rollback"));
        QCOMPARE(QString::fromStdString(requests[2].arguments), QStringLiteral("{\"step\":5}"));
        QVERIFY(directory.take_requests().empty());
    }

    void requestsThatNobodyUnderstandsAreRefused()
    {
        QVERIFY(errorOf([&] { reverie::post_request(run(), { "jump" }); }).contains(u"knows pause"));
        QVERIFY(errorOf([&] { reverie::post_request(run(), { "set", "3" }); }).contains(u"JSON object"));
    }

    /// What was resumed from before no longer holds, but settings that were made there still do.
    void linesPastAResumeAreSuperseded()
    {
        RunDirectory directory(run(), /*resume=*/false);
        const auto train = [&](const char* part, int step, double loss) {
            directory.append_metrics(R"({"part":")" + std::string(part) + R"(","split":"train","step":)"
                                     + std::to_string(step) + R"(,"loss":)" + std::to_string(loss) + "}");
        };
        train("clip", 30, 3);
        train("prior", 10, 1);
        train("prior", 20, 2);
        directory.append_metrics(
            R"({"part":"prior","step":20,"event":"Set","verb":"set","ok":true,"key":"lr","value":"1"})");
        train("unet1", 5, 4);
        directory.append_metrics(R"({"part":"prior","step":10,"event":"Resumed at step 10."})");
        train("prior", 20, 5);
        QCOMPARE(losses(), QStringLiteral("clip 30 3, prior 10 1, prior 20 5"));
        QCOMPARE(reverie::current_metrics(run())[2].words.at("verb"), std::string("set"));
        directory.append_metrics(
            R"({"part":"prior","step":0,"event":"Rolled back","verb":"rollback","ok":true})");
        QCOMPARE(losses(), QStringLiteral("clip 30 3"));
        QCOMPARE(reverie::current_metrics(run()).size(), 2U);
    }

    void metricsOfEarlierVersionsAreRead()
    {
        const auto lines = reverie::current_metrics(fs::path(REVERIE_TEST_DATA).parent_path().parent_path()
                                                    / "resources/models/emoji/5-unet1");
        std::int64_t last = 0;
        for (const auto& line : lines) {
            if (line.split != "train")
                continue;
            QVERIFY(line.part == "unet1" && line.step > last && line.numbers.at("loss") > 0);
            last = line.step;
        }
        QCOMPARE(last, 2450);
    }

    void tensorBoardReadsTheNumbersThatHold()
    {
        {
            RunDirectory directory(run(), /*resume=*/false);
            directory.write_configuration("{}");
            for (const int step : { 10, 20, 300 })
                directory.append_metrics(R"({"part":"prior","split":"train","wall_time":1.5e9,"step":)"
                                         + std::to_string(step) + R"(,"loss":0.25,"lr":0.5})");
            directory.set_state("stopped");
        }
        QCOMPARE(scalars(),
                 QStringLiteral("prior/train/loss 10 0.25, prior/train/lr 10 0.5, prior/train/loss 20 0.25, "
                                "prior/train/lr 20 0.5, prior/train/loss 300 0.25, prior/train/lr 300 0.5"));
        RunDirectory directory(run(), /*resume=*/true);
        directory.append_metrics(R"({"part":"prior","step":10,"event":"Resumed at step 10."})");
        directory.append_metrics(R"({"part":"prior","split":"train","step":20,"loss":0.125})");
        directory.append_metrics(R"({"part":"prior","split":"train","step":30,"loss":0.0625})");
        QCOMPARE(scalars(),
                 QStringLiteral("prior/train/loss 10 0.25, prior/train/lr 10 0.5, prior/train/loss 20 0.125, "
                                "prior/train/loss 30 0.0625"));
    }

    void runsElsewhereAreNotedOnce()
    {
        const auto home = fs::path(m_folder->path().toStdString());
        qputenv("XDG_STATE_HOME", m_folder->path().toLocal8Bit() + "/state");
        qputenv("XDG_DATA_HOME", m_folder->path().toLocal8Bit() + "/data");
        const auto inside = reverie::default_runs_folder() / "inside", outside = run();
        for (const auto& folder : { inside, outside }) {
            const RunDirectory directory(folder, /*resume=*/false);
            reverie::note_run(folder);
            reverie::note_run(folder);
        }
        const auto noted = reverie::read_file(home / "state/reverie/runs.jsonl");
        QCOMPARE(std::count(noted.begin(), noted.end(), '\n'), 1);
        QVERIFY(reverie::known_runs() == (std::vector<fs::path>{ inside, outside }));
        fs::remove_all(outside);
        QCOMPARE(reverie::known_runs().size(), 1U);
        QVERIFY(reverie::new_run_folder("prior").parent_path() == reverie::default_runs_folder());
    }
};

QTEST_GUILESS_MAIN(RunDirectoryTest)
#include "tst_run_directory.moc"
