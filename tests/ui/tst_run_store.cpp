// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "core/run/run_list.h"
#include "tests/ui/run_fixture.h"
#include "ui/session/run_questions.h"
#include "ui/session/run_store.h"
#include "ui/session/session.h"

#include <QCoreApplication>
#include <QGuiApplication>
#include <QSettings>
#include <QSignalSpy>

#include <thread>

using namespace reverie;
using namespace reverie::ui;

namespace {

using State = RunEntry::State;

void write(const QString& file, const QByteArray& bytes)
{
    write_file(toPath(file), bytes.toStdString());
}

} // namespace

/// Runs on the disk, seen by somebody who only reads it.
class RunStoreTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<RunFixture> m_fixture;
    QString m_finished; ///< a run that was trained to its end

    std::unique_ptr<RunStore> open()
    {
        auto store = std::make_unique<RunStore>(QStringLiteral(DREAM_PROGRAM));
        QSignalSpy changed(store.get(), &RunStore::changed);
        store->watch();
        if (!changed.wait(10'000))
            return nullptr;
        return store;
    }

    /// A copy of the finished run to be spoilt.
    QString copyCalled(const QString& name)
    {
        const QString folder = m_fixture->run(name);
        RunFixture::copy(m_finished, folder);
        return folder;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_fixture = std::make_unique<RunFixture>();
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope,
                           m_fixture->path(QStringLiteral("settings")));
        m_finished = m_fixture->run(QStringLiteral("a-finished-run"));
        RunFixture::train(m_finished, RunFixture::clip(4));
    }
    void cleanupTestCase() { m_fixture.reset(); }

    void aFinishedRunSaysWhatItIs()
    {
        const RunEntry run = readRun(m_finished);
        QCOMPARE(run.state, State::Finished);
        QCOMPARE(run.what, QStringLiteral("clip"));
        QCOMPARE(run.data, QStringLiteral("shapes:64"));
        QCOMPARE(run.device, QStringLiteral("cpu"));
        QCOMPARE(run.runsOn, QStringLiteral("cpu"));
        QCOMPARE(run.status.step, 4);
        QVERIFY(run.trouble.isEmpty());
        QVERIFY(!run.canResume());
    }

    void whatIsDamagedIsReadAsFarAsItGoes()
    {
        const QString newer = copyCalled(QStringLiteral("newer"));
        QJsonObject object = RunFixture::json(newer + QStringLiteral("/run.json"));
        object[QStringLiteral("reverie")] = QStringLiteral("99.1.0");
        object[QStringLiteral("config")] = QStringLiteral("in a file of its own now");
        write(newer + QStringLiteral("/run.json"), QJsonDocument(object).toJson());
        RunEntry run = readRun(newer);
        QCOMPARE(run.state, State::Finished);
        QCOMPARE(run.what, QStringLiteral("clip"));
        QVERIFY2(run.trouble.contains(QLatin1String("99.1.0")), qPrintable(run.trouble));

        const QString cut = copyCalled(QStringLiteral("cut"));
        write(cut + QStringLiteral("/status.json"), "{\"state\": \"run");
        run = readRun(cut);
        QCOMPARE(run.state, State::Unreadable);
        QCOMPARE(run.what, QStringLiteral("clip"));
        QVERIFY2(run.trouble.contains(QLatin1String("status.json")), qPrintable(run.trouble));

        const QString garbled = copyCalled(QStringLiteral("garbled"));
        write(garbled + QStringLiteral("/run.json"), "\x01\x02 no json");
        run = readRun(garbled);
        QCOMPARE(run.state, State::Finished);
        QVERIFY2(run.trouble.contains(QLatin1String("run.json")), qPrintable(run.trouble));

        const QString sparse = copyCalled(QStringLiteral("sparse"));
        write(sparse + QStringLiteral("/status.json"), "{\"state\": \"stopped\", \"step\": 3, \"steps\": 4}");
        run = readRun(sparse);
        QCOMPARE(run.state, State::Stopped);
        QCOMPARE(run.status.step, 3);

        // A word of a newer version for how it stands: said to be unknown, and not taken for a death.
        const QString ahead = copyCalled(QStringLiteral("ahead"));
        QJsonObject status = RunFixture::json(ahead + QStringLiteral("/status.json"));
        status[QStringLiteral("state")] = QStringLiteral("evaluating");
        write(ahead + QStringLiteral("/status.json"), QJsonDocument(status).toJson());
        run = readRun(ahead);
        QCOMPARE(run.state, State::Unknown);
        QVERIFY2(run.trouble.contains(QLatin1String("\"evaluating\"")), qPrintable(run.trouble));
        QVERIFY(!run.isAlive() && !run.canResume());
        const RunStatus own = own_process();
        status[QStringLiteral("pid")] = qint64(own.pid);
        status[QStringLiteral("process_start")] = qint64(own.process_start);
        write(ahead + QStringLiteral("/status.json"), QJsonDocument(status).toJson());
        run = readRun(ahead);
        QCOMPARE(run.state, State::Unknown);
        QVERIFY(run.isAlive()); // so it can't be thrown away

        for (const QString& folder : { newer, cut, garbled, sparse, ahead })
            QVERIFY(QDir(folder).removeRecursively());
    }

    void runsAreFoundWhereverTheyLie()
    {
        const QString elsewhere = m_fixture->path(QStringLiteral("elsewhere/noted"));
        RunFixture::train(elsewhere, RunFixture::clip(2)); // which notes it
        const QString shared = m_fixture->path(QStringLiteral("shared"));
        QDir().mkpath(shared + QStringLiteral("/team/events"));
        RunFixture::copy(m_finished, shared + QStringLiteral("/team/theirs"));
        const QDir finished(m_finished);
        const QString events = finished.entryList({ QStringLiteral("events.out.tfevents.*") }).value(0);
        QVERIFY(QFile::copy(finished.filePath(events), shared + QStringLiteral("/team/events/") + events));
        const auto store = open();
        QVERIFY(store);
        QVERIFY(store->model().entry(m_finished));
        QVERIFY(store->model().entry(elsewhere));
        QVERIFY(!store->model().entry(shared + QStringLiteral("/team/theirs")));
        store->addFolder(shared);
        QTRY_VERIFY(store->model().entry(shared + QStringLiteral("/team/theirs")));
        QCOMPARE(store->model().entry(shared + QStringLiteral("/team/theirs"))->state, State::Finished);
        QCOMPARE(store->model().entry(shared + QStringLiteral("/team/events"))->state, State::Events);
        // A program started later lists it too.
        const auto later = open();
        QVERIFY(later->model().entry(shared + QStringLiteral("/team/theirs")));
        // A folder that goes away is said to be gone, and not forgotten.
        QVERIFY(QDir().rename(shared, shared + QStringLiteral("-away")));
        QTRY_VERIFY(!store->model().entry(shared + QStringLiteral("/team/theirs"))->trouble.isEmpty());
        QVERIFY(QDir().rename(shared + QStringLiteral("-away"), shared));
        QTRY_COMPARE(store->model().entry(shared + QStringLiteral("/team/theirs"))->state, State::Finished);
        store->removeFolder(shared);
        QTRY_VERIFY(!store->model().entry(shared + QStringLiteral("/team/theirs")));
    }

    void aRunOnAnotherMachineLivesByItsHeartbeat()
    {
        const QString far = copyCalled(QStringLiteral("far"));
        QJsonObject status = RunFixture::json(far + QStringLiteral("/status.json"));
        status[QStringLiteral("host")] = QStringLiteral("a-server");
        status[QStringLiteral("state")] = QStringLiteral("running");
        status[QStringLiteral("heartbeat")] = seconds_now() - 5;
        write(far + QStringLiteral("/status.json"), QJsonDocument(status).toJson());
        QCOMPARE(readRun(far).state, State::Running);
        QVERIFY(!readRun(far).isLocal);
        status[QStringLiteral("heartbeat")] = seconds_now() - 60;
        write(far + QStringLiteral("/status.json"), QJsonDocument(status).toJson());
        QCOMPARE(readRun(far).state, State::Died);
        QVERIFY(QDir(far).removeRecursively());
    }

    void aRunThatCannotStartSaysWhy()
    {
        const auto store = open();
        QSignalSpy failed(store.get(), &RunStore::failed);
        RunOrder order;
        order.request.what = "clip";
        order.request.preset = "tiny";
        order.request.data = m_fixture->path(QStringLiteral("no-pictures-here")).toStdString();
        store->launch(order);
        QVERIFY(failed.wait(30'000));
        QVERIFY2(failed[0][0].toString().contains(QLatin1String("no-pictures-here")),
                 qPrintable(failed[0][0].toString()));
    }

    void theDeviceWithTheShortestLineIsNext()
    {
        const auto run = [](const char* name, const char* device, State state, const char* after = "") {
            RunEntry entry = readRun(QStringLiteral("/nowhere"));
            entry.path = QLatin1String(name);
            entry.runsOn = QLatin1String(device);
            entry.state = state;
            entry.after = QLatin1String(after);
            return entry;
        };
        const QStringList two{ QStringLiteral("cuda:0"), QStringLiteral("cuda:1") };
        QList<RunEntry> runs{ run("a", "cuda:0", State::Running) };
        QCOMPARE(queuePlace(runs, two).device, QStringLiteral("cuda:1"));
        QCOMPARE(queuePlace(runs, two).after, QString());
        runs << run("b", "cuda:1", State::Paused) << run("c", "cuda:0", State::Queued, "a");
        QCOMPARE(queuePlace(runs, two).device, QStringLiteral("cuda:1"));
        QCOMPARE(queuePlace(runs, two).after, QStringLiteral("b"));
        runs << run("d", "cuda:1", State::Queued, "b") << run("e", "cuda:1", State::Queued, "d");
        QCOMPARE(queuePlace(runs, two).device, QStringLiteral("cuda:0"));
        QCOMPARE(queuePlace(runs, two).after, QStringLiteral("c"));
        // What begins at once takes that device, too; what follows a certain run takes that run's.
        QCOMPARE(deviceBehind(runs, QString(), two), QStringLiteral("cuda:0"));
        QCOMPARE(deviceBehind(runs, QStringLiteral("d"), two), QStringLiteral("cuda:1"));
        runs = { run("a", "cuda:0", State::Finished) };
        QCOMPARE(queuePlace(runs, two).after, QString());
    }

    void aRunStandsAsideForADrawingAndLosesNothing()
    {
        const auto steps = RunFixture::clip(400);
        const QString alone = m_fixture->run(QStringLiteral("alone"));
        const QString shared = m_fixture->run(QStringLiteral("interrupted"));
        RunFixture::train(alone, steps);
        RunFixture::begin(shared, steps);
        QString stateWhileDrawing;
        Engine engine;
        engine.needsPause = [](const std::string&, const std::string&) { return true; };
        engine.releaseMemory = [] {};
        {
            Session session(engine);
            session.setOutputFolder(m_fixture->path(QStringLiteral("pictures")));
            QSignalSpy opened(&session, &Session::modelOpened);
            QSignalSpy waiting(&session, &Session::waitingForTraining);
            QSignalSpy ended(&session, &Session::drawingEnded);
            session.openModel({}, QStringLiteral("cpu"));
            QVERIFY(opened.wait(30'000));
            connect(&session, &Session::progressed, this,
                    [&] { stateWhileDrawing = QString::fromStdString(RunFixture::status(shared).state); });
            GenerateRequest request;
            request.prompts = { "red heart" };
            session.draw(request, QStringLiteral("cpu"));
            QTRY_COMPARE_WITH_TIMEOUT(ended.size(), 1, 60'000);
            QCOMPARE(waiting.size(), 1);
            QCOMPARE(stateWhileDrawing, QStringLiteral("paused"));
            QVERIFY(RunFixture::status(shared).step < 400);
            // It goes on by itself soon after.
            QTRY_VERIFY_WITH_TIMEOUT(RunFixture::status(shared).state != "paused", 20'000);
        }
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::status(shared).state, "finished", 60'000);
        QCOMPARE(RunFixture::answers(shared, "pause").size(), std::size_t(1));
        QCOMPARE(RunFixture::answers(shared, "resume").size(), std::size_t(1));
        QCOMPARE(RunFixture::losses(shared).size(), std::size_t(400));
        QVERIFY(RunFixture::losses(shared) == RunFixture::losses(alone));
    }

    void aStoppedWaitLetsTheRunGoOn()
    {
        const QString folder = m_fixture->run(QStringLiteral("waited-for"));
        RunFixture::begin(folder, RunFixture::clip(1'000'000));
        ::kill(static_cast<pid_t>(RunFixture::status(folder).pid), SIGSTOP); // so that it can't answer
        TrainingPause pause([](const std::string&, const std::string&) { return true; });
        std::stop_source stop;
        const std::jthread later([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            stop.request_stop();
        });
        QVERIFY(!pause.begin(
            "cpu", [] {}, stop.get_token()));
        QVERIFY(!pause.isHolding());
        ::kill(static_cast<pid_t>(RunFixture::status(folder).pid), SIGCONT);
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::answers(folder, "resume").size(), std::size_t(1), 20'000);
        QTRY_COMPARE(RunFixture::status(folder).state, "running");
        RunFixture::kill(folder);
    }

    void onlyTheSameGpuIsShared()
    {
        QVERIFY(needSameGpu("cuda:0", "auto"));
        QVERIFY(needSameGpu("cuda", "cuda:0"));
        QVERIFY(needSameGpu("cuda:1", "cuda:1"));
        QVERIFY(!needSameGpu("cuda:1", "auto"));
        QVERIFY(!needSameGpu("cuda:0", "cpu"));
        QVERIFY(!needSameGpu("cpu", "auto"));
        QVERIFY(!needSameGpu("cpu", "cpu"));
        QVERIFY(!needSameGpu("auto", "auto"));
    }
};

int main(int argc, char** argv)
{
    prepare_process();
    QGuiApplication app(argc, argv);
    RunStoreTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_run_store.moc"
