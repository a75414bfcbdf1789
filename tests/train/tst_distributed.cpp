// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "core/run/control.h"
#include "core/run/metrics.h"
#include "core/run/rank.h"
#include "core/run/run_status.h"
#include "core/train/lifeline.h"
#include "tests/base/error_of.h"
#include "tests/train/squares.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>

namespace fs = std::filesystem;
using reverie::Rank;

namespace {

using Variables = std::map<std::string, std::string>;

Rank rankBy(const Variables& variables)
{
    return reverie::rank_from_environment([&](const char* name) -> const char* {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    });
}

/// Children of a process, from /proc.
std::vector<qint64> childrenOf(qint64 pid)
{
    QFile file(QStringLiteral("/proc/%1/task/%1/children").arg(pid));
    std::vector<qint64> children;
    if (file.open(QIODevice::ReadOnly))
        for (const auto& word : file.readAll().simplified().split(' '))
            if (!word.isEmpty())
                children.push_back(word.toLongLong());
    return children;
}

bool hasEnded(qint64 pid)
{
    QFile file(QStringLiteral("/proc/%1/stat").arg(pid));
    return !file.open(QIODevice::ReadOnly) || file.readAll().contains(") Z "); // which nobody has asked for
}

} // namespace

/// Trains with several real `dream train` processes over Gloo.
class DistributedTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const std::string& name) const { return fs::path(m_folder.path().toStdString()) / name; }

    QStringList arguments(const std::string& what, const std::string& run, int batch,
                          const QStringList& more = {}) const
    {
        QStringList list{ QStringLiteral("train"),     QString::fromStdString(what),
                          QStringLiteral("--preset"),  QStringLiteral("tiny"),
                          QStringLiteral("--device"),  QStringLiteral("cpu"),
                          QStringLiteral("--threads"), QStringLiteral("1"),
                          QStringLiteral("--data"),    QString::fromStdString(path("squares.safetensors")),
                          QStringLiteral("--run"),     QString::fromStdString(path(run)) };
        for (const auto& setting :
             QStringList{ QStringLiteral("steps=6"), QStringLiteral("report_every=1"),
                          QStringLiteral("checkpoint_every=2"), QStringLiteral("sample_every=0"),
                          QStringLiteral("batch=%1").arg(batch) }
                 + more)
            list << QStringLiteral("--set") << setting;
        return list;
    }

    static QByteArray dream(const QStringList& arguments, int expected = 0)
    {
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(QStringLiteral(DREAM_PROGRAM), arguments);
        if (!process.waitForFinished(120000))
            return "did not end";
        const auto output = process.readAll();
        if (process.exitStatus() != QProcess::NormalExit || process.exitCode() != expected)
            qWarning("exit %d: %s", process.exitCode(), output.constData());
        return process.exitCode() == expected ? output
                                              : "exit status " + QByteArray::number(process.exitCode());
    }

    /// Two at a time, each to its good end.
    static void dreams(const QStringList& one, const QStringList& other)
    {
        QProcess first;
        first.setProcessChannelMode(QProcess::MergedChannels);
        first.start(QStringLiteral(DREAM_PROGRAM), one);
        dream(other);
        if (!first.waitForFinished(120000) || first.exitCode() != 0)
            qWarning("exit %d: %s", first.exitCode(), first.readAll().constData());
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

    /// A first U-Net that takes long enough to be killed.
    const QStringList longer{ QStringLiteral("decoder.batch=4"), QStringLiteral("unet1.steps=26") };
    static QStringList halfOf(QStringList settings)
    {
        return settings.replaceInStrings(QStringLiteral("batch=4"), QStringLiteral("batch=2"));
    }

    /// The largest relative difference of two runs' losses, which are of the same steps; infinite otherwise.
    double difference(const std::string& run, const std::string& other) const
    {
        const auto a = losses(run), b = losses(other);
        double most = a.empty() || a.size() != b.size() ? INFINITY : 0;
        for (const auto& [key, loss] : a)
            most = std::max(most, b.contains(key) ? std::abs(loss - b.at(key)) / std::abs(loss) : INFINITY);
        return most;
    }

    double weightDifference(const std::string& run, const std::string& other) const
    {
        return fileDifference(path(run) / "model.safetensors", path(other) / "model.safetensors");
    }

    /// Of the weights whose names hold `word`; infinite if there are none.
    static double fileDifference(const fs::path& file, const fs::path& other, const std::string& word = {})
    {
        const auto ours = reverie::read_safetensors(file).tensors;
        double most = -1;
        for (const auto& [name, tensor] : reverie::read_safetensors(other).tensors)
            if (tensor.is_floating_point() && name.find(word) != std::string::npos)
                most = std::max(most, (ours.at(name) - tensor).abs().max().item<double>());
        return most < 0 ? INFINITY : most;
    }

    /// One rank of several, started as torchrun would.
    std::unique_ptr<QProcess> startRank(const Variables& variables, const QStringList& arguments,
                                        const std::string& folder = {}) const
    {
        auto process = std::make_unique<QProcess>();
        process->setWorkingDirectory(QString::fromStdString(path(folder)));
        auto environment = QProcessEnvironment::systemEnvironment();
        for (const auto& [name, value] : variables)
            environment.insert(QString::fromStdString(name), QString::fromStdString(value));
        process->setProcessEnvironment(environment);
        process->setProcessChannelMode(QProcess::MergedChannels);
        process->start(QStringLiteral(DREAM_PROGRAM), arguments);
        return process;
    }

    /// A copy of a run that knows neither checkpoints nor losses past a step, but all that was asked of it.
    void forget(const std::string& run, const std::string& copy, std::int64_t step) const
    {
        fs::copy(path(run), path(copy), fs::copy_options::recursive);
        fs::remove(path(copy) / "model.safetensors");
        for (const auto& checkpoint : reverie::list_checkpoints(path(copy)))
            if (checkpoint.step > step)
                fs::remove_all(checkpoint.folder);
        std::istringstream lines(reverie::read_file(path(run) / "metrics.jsonl"));
        std::string kept;
        for (std::string line; std::getline(lines, line);)
            if (const auto object = nlohmann::json::parse(line);
                !object.contains("loss") || object["step"] <= step)
                kept += line + "\n";
        reverie::write_file(path(copy) / "metrics.jsonl", kept);
    }

    static std::string freePort()
    {
        QTcpServer server;
        server.listen(QHostAddress::LocalHost);
        return std::to_string(server.serverPort());
    }

    bool waitForStep(const std::string& run, std::int64_t step, const std::string& part) const
    {
        return QTest::qWaitFor(
            [&] {
                const auto status = reverie::read_run_status(path(run));
                return status && status->part == part && status->step >= step;
            },
            60000);
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (!HAS_GLOO)
            QSKIP("This LibTorch was found without Gloo.");
        // A preset "tiny" nearer than the one that ships, which takes minutes.
        fs::create_directories(path("data/reverie/presets"));
        fs::copy_file(REVERIE_TEST_DATA "/train/smallest.json", path("data/reverie/presets/tiny.json"));
        qputenv("XDG_DATA_HOME", QByteArray::fromStdString(path("data").string()));
        writeSquares(path("squares.safetensors"));
        dream(arguments("all", "one", 8, longer));
        QVERIFY(losses("one").size() >= 44U);
    }

    void twoRanksGiveTheNumbersOfOneWithTwiceTheBatch()
    {
        dream(arguments("all", "two", 4, halfOf(longer)) << QStringLiteral("--gpus") << QStringLiteral("2"));
        const double losses = difference("two", "one"), weights = weightDifference("two", "one");
        qInfo("losses differ by %.2g, weights by %.2g", losses, weights);
        QVERIFY(losses < 1e-4);
        QVERIFY(weights < 1e-3); // stored in f16
    }

    void whatClipComparesIsTheBatchOfAllRanks_data()
    {
        QTest::addColumn<QString>("options");
        QTest::addColumn<int>("ranks");
        const auto row = [](const char* name, const char* options, int ranks) {
            QTest::newRow(name) << QString::fromLatin1(options) << ranks;
        };
        row("tokens", "use_all_token_embeds decoupled_contrastive_learning", 3);
        row("two spaces", "extra_latent_projection sim_reg_loss_weight=0.1", 2);
        row("masked tokens and SimSiam", "use_mlm use_visual_ssl visual_ssl_projection_hidden_size=16", 2);
        row("SimCLR", "use_visual_ssl visual_ssl_type=simclr visual_ssl_projection_hidden_size=16", 2);
    }
    void whatClipComparesIsTheBatchOfAllRanks()
    {
        QFETCH(QString, options);
        QFETCH(int, ranks);
        QStringList settings{ QStringLiteral("lr=1e-4") }; // at which rounding does not grow
        for (const auto& option : options.split(u' '))
            settings << QStringLiteral("model.clip.") + option
                    + (option.contains(u'=') ? QString() : QStringLiteral("=true"));
        const std::string name = QTest::currentDataTag();
        dreams(arguments("clip", name + " alone", 6, settings),
               arguments("clip", name, 6 / ranks, settings)
                   << QStringLiteral("--gpus") << QString::number(ranks));
        QVERIFY2(difference(name + " alone", name) < 1e-4,
                 qPrintable(QString::number(difference(name + " alone", name))));
    }

    void aKilledRankEndsTheRunAndOneGoesOn()
    {
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(QStringLiteral(DREAM_PROGRAM),
                      arguments("all", "killed", 4, halfOf(longer))
                          << QStringLiteral("--gpus") << QStringLiteral("2"));
        QVERIFY(QTest::qWaitFor([&] { return losses("killed").contains("unet1 train 7"); }, 60000));
        const auto children = childrenOf(process.processId());
        QCOMPARE(children.size(), 1U);
        kill(pid_t(children[0]), SIGKILL);
        QElapsedTimer timer;
        timer.start();
        QVERIFY(process.waitForFinished(30000));
        qInfo("ended %.1f s after the kill", double(timer.elapsed()) / 1000);
        QVERIFY(timer.elapsed() < 15000);
        QCOMPARE(process.exitCode(), 1);
        const auto name = QStringLiteral("rank 1 (pid %1 on ").arg(children[0]);
        const auto output = QString::fromUtf8(process.readAll());
        QVERIFY2(output.contains(name) && output.contains(u"dream train --resume"), qPrintable(output));
        const auto status = reverie::read_run_status(path("killed"));
        QCOMPARE(QString::fromStdString(status->state), QStringLiteral("failed"));
        QVERIFY(QString::fromStdString(status->reason).contains(name));
        QVERIFY(!fs::exists(path("killed/model.safetensors")));

        dream(
            { QStringLiteral("train"), QStringLiteral("--resume"), QString::fromStdString(path("killed")) });
        QVERIFY(difference("killed", "one") < 1e-4);
        QVERIFY(weightDifference("killed", "one") < 1e-3);
    }

    void ranksAreStartedByVariablesAndWatchersAreHeard()
    {
        const auto port = freePort();
        auto list = arguments("clip", "hand", 4);
        list.replaceInStrings(QStringLiteral("steps=6"), QStringLiteral("steps=100000"));
        list.replaceInStrings(QStringLiteral("checkpoint_every=2"), QStringLiteral("checkpoint_every=1000"));
        std::vector<std::unique_ptr<QProcess>> ranks;
        for (const char* rank : { "0", "1" })
            ranks.push_back(startRank({ { "RANK", rank },
                                        { "WORLD_SIZE", "2" },
                                        { "LOCAL_RANK", rank },
                                        { "MASTER_ADDR", "127.0.0.1" },
                                        { "MASTER_PORT", port } },
                                      list));
        QVERIFY(waitForStep("hand", 5, "clip"));
        reverie::post_request(path("hand"), { "set", R"({"key": "lr", "value": 0.0005})" });
        reverie::post_request(path("hand"), { "checkpoint" });
        reverie::post_request(path("hand"), { "sample" });
        reverie::post_request(path("hand"), { "pause" });
        QVERIFY(QTest::qWaitFor([&] { return reverie::read_run_status(path("hand"))->state == "paused"; },
                                20000));
        reverie::post_request(path("hand"), { "rollback" });
        reverie::post_request(path("hand"), { "resume" });
        const auto paused = reverie::read_run_status(path("hand"))->step;
        QVERIFY(waitForStep("hand", paused + 3, "clip"));
        reverie::post_request(path("hand"), { "set", R"({"key": "clip.wd", "value": 0.5})" });
        QVERIFY(waitForStep("hand", paused + 10, "clip"));
        QVERIFY(dream(arguments("clip", "hand", 4), /*expected=*/2).contains("in use"));
        kill(pid_t(ranks[1]->processId()), SIGINT); // asks for all of them
        for (const auto& rank : ranks) {
            QVERIFY(rank->waitForFinished(30000));
            QCOMPARE(rank->exitCode(), 130);
        }
        QCOMPARE(QString::fromStdString(reverie::read_run_status(path("hand"))->state),
                 QStringLiteral("stopped"));
        const auto lines
            = QString::fromStdString(reverie::read_file(path("hand/metrics.jsonl"))).split(u'\n');
        QCOMPARE(lines.filter(QStringLiteral("\"verb\"")).filter(QStringLiteral("\"ok\":true")).size(), 7);

        // One process that makes the same settings at the same steps gets the same numbers.
        forget("hand", "again", 0);
        const auto replay = startRank(
            {},
            { QStringLiteral("train"), QStringLiteral("--resume"), QString::fromStdString(path("again")) });
        const auto all = losses("hand");
        QVERIFY(QTest::qWaitFor(
            [&] {
                return losses("again").size() >= std::min<std::size_t>(all.size(), 40)
                    || replay->state() == QProcess::NotRunning;
            },
            60000));
        kill(pid_t(replay->processId()), SIGINT);
        QVERIFY(replay->waitForFinished(30000));
        int alike = 0;
        for (const auto& [key, loss] : losses("again"))
            if (all.contains(key)) {
                QVERIFY2(std::abs(loss - all.at(key)) < 1e-4 * std::abs(loss), key.c_str());
                ++alike;
            }
        qInfo("%d steps alike", alike);
        QVERIFY(alike > 10);
    }

    void whatIsRandomOnEveryRankIsTheSameAgain()
    {
        const QStringList prior{ QStringLiteral("dtype=bf16"),
                                 QStringLiteral("model.prior.net.ff_dropout=0.2"),
                                 QStringLiteral("model.prior.net.attn_dropout=0.2") };
        dream(arguments("prior", "random", 4, prior)
              << QStringLiteral("--init") << QString::fromStdString(path("one/model.safetensors"))
              << QStringLiteral("--gpus") << QStringLiteral("2"));
        QCOMPARE(losses("random").size(), 7U); // six steps and a validation
        forget("random", "random again", 2);
        dream({ QStringLiteral("train"), QStringLiteral("--resume"),
                QString::fromStdString(path("random again")), QStringLiteral("--gpus"),
                QStringLiteral("2") });
        QCOMPARE(losses("random again"), losses("random"));
        QCOMPARE(weightDifference("random again", "random"), 0.);
    }

    void aRankThatCantGoOnSaysWhyToAll_data()
    {
        QTest::addColumn<int>("rank");
        QTest::addColumn<QString>("option");
        QTest::addColumn<QString>("value");
        QTest::newRow("rank 0") << 0 << QStringLiteral("--init") << QStringLiteral("nothing.safetensors");
        QTest::newRow("rank 1") << 1 << QStringLiteral("--device") << QStringLiteral("cuda:99");
    }
    void aRankThatCantGoOnSaysWhyToAll()
    {
        QFETCH(int, rank);
        QFETCH(QString, option);
        QFETCH(QString, value);
        const auto port = freePort();
        std::vector<std::unique_ptr<QProcess>> ranks;
        for (const int i : { 0, 1 }) {
            auto list = arguments("clip", "wrong", 4);
            if (option == QStringLiteral("--init"))
                list << option << value; // which all are asked for, and rank 0 looks for
            else if (i == rank)
                list[list.indexOf(option) + 1] = value;
            ranks.push_back(startRank({ { "OMPI_COMM_WORLD_RANK", std::to_string(i) },
                                        { "OMPI_COMM_WORLD_SIZE", "2" },
                                        { "MASTER_PORT", port } },
                                      list));
        }
        for (const auto& process : ranks) {
            QVERIFY(process->waitForFinished(60000));
            QVERIFY(process->exitCode() != 0);
        }
        const auto own = QString::fromUtf8(ranks[std::size_t(rank)]->readAll());
        const auto other = QString::fromUtf8(ranks[std::size_t(1 - rank)]->readAll());
        QVERIFY2(own.contains(value), qPrintable(own));
        QVERIFY2(other.contains(value) && other.contains(QStringLiteral("rank %1 (pid ").arg(rank))
                     && !other.contains(u"--resume"), // as there is no run
                 qPrintable(other));
    }

    void aRankWithOtherPicturesIsNamed()
    {
        const auto file = reverie::read_safetensors(path("squares.safetensors"));
        fs::create_directories(path("elsewhere"));
        const auto meta = QByteArray::fromStdString(file.metadata.at("reverie.dataset"));
        reverie::write_safetensors(
            path("elsewhere/squares.safetensors"), file.tensors,
            { { "reverie.dataset", QByteArray(meta).replace("[6,11]", "[6,12]").toStdString() } });
        auto list = arguments("clip", "other pictures", 4);
        list[list.indexOf(QStringLiteral("--data")) + 1] = QStringLiteral("squares.safetensors");
        const auto port = freePort();
        std::vector<std::unique_ptr<QProcess>> ranks;
        for (const int i : { 0, 1 })
            ranks.push_back(
                startRank({ { "PMI_RANK", std::to_string(i) }, { "PMI_SIZE", "2" }, { "MASTER_PORT", port } },
                          list, i == 0 ? "" : "elsewhere"));
        for (const auto& process : ranks) {
            QVERIFY(process->waitForFinished(60000));
            QCOMPARE(process->exitCode(), 2);
            const auto output = QString::fromUtf8(process->readAll());
            QVERIFY2(output.contains(u"Rank 1 sees other pictures under squares.safetensors than rank 0"),
                     qPrintable(output));
        }
        QVERIFY(!fs::exists(path("other pictures/run.json")));
    }

    void oneProcessSpeaksForItsHelpers()
    {
        auto list = arguments("clip", "silent", 4) << QStringLiteral("--gpus") << QStringLiteral("2");
        list[list.indexOf(QStringLiteral("--data")) + 1] = QStringLiteral("nowhere.safetensors");
        const auto output = dream(list, /*expected=*/1);
        QVERIFY2(output.count("nowhere.safetensors") == 1, output);
        list[list.indexOf(QStringLiteral("--device")) + 1] = QStringLiteral("cuda:1");
        QVERIFY(dream(list, /*expected=*/2).contains("With --gpus each process takes a GPU of its own"));
    }

    void aRankWithOtherOptionsIsNamed()
    {
        const auto port = freePort();
        std::vector<std::unique_ptr<QProcess>> ranks;
        for (const int i : { 0, 1 })
            ranks.push_back(
                startRank({ { "PMI_RANK", std::to_string(i) }, { "PMI_SIZE", "2" }, { "MASTER_PORT", port } },
                          arguments("clip", "different", 4 + 4 * i)));
        for (const auto& process : ranks) {
            QVERIFY(process->waitForFinished(60000));
            QVERIFY(process->exitCode() != 0);
            const auto output = QString::fromUtf8(process->readAll());
            QVERIFY2(output.contains(u"Rank 1 was started with another --set than rank 0"),
                     qPrintable(output));
        }
        QVERIFY(!fs::exists(path("different/run.json")));
    }

    void anotherRunsRankIsTurnedAway()
    {
        using namespace std::chrono_literals;
        reverie::Lifeline leader(3, /*this_machine_only=*/true);
        reverie::Lifeline first(1, "127.0.0.1", leader.meeting());
        QVERIFY(first.wait_for_all(10s, {}));
        for (const int rank : { 1, 3 }) {
            reverie::Lifeline stranger(rank, "127.0.0.1", leader.meeting());
            QVERIFY(!stranger.wait_for_all(10s, {}));
            QVERIFY(stranger.lost_rank_0()); // so that it says why itself
            const auto reason = QString::fromStdString(stranger.lost(0ms).value());
            QVERIFY2(reason.contains(rank == 1 ? u"rank 1 is there already" : u"rank 3 is not one of 3"),
                     qPrintable(reason));
        }
        reverie::Lifeline second(2, "127.0.0.1", leader.meeting());
        QVERIFY(leader.wait_for_all(10s, {}));
        QVERIFY(!first.lost(0ms));
    }

    void rank0IsAskedToStopBeforeItListens()
    {
        reverie::Lifeline leader(2, /*this_machine_only=*/true);
        {
            reverie::Lifeline other(1, "127.0.0.1", leader.meeting());
            QVERIFY(other.wait_for_all(std::chrono::seconds(10), {}));
            other.ask_to_stop();
        }
        QVERIFY(leader.lost(std::chrono::seconds(10))); // which came after that
        bool stopped = false;
        leader.on_stop([&stopped] { stopped = true; });
        QVERIFY(stopped);
    }

    void noProcessIsLeft_data()
    {
        QTest::addColumn<int>("signal");
        QTest::addColumn<int>("exitCode");
        QTest::newRow("interrupted") << SIGINT << 130;
        QTest::newRow("ended") << SIGTERM << 130;
        QTest::newRow("killed at once") << SIGKILL << int(SIGKILL);
    }
    void noProcessIsLeft()
    {
        QFETCH(int, signal);
        QFETCH(int, exitCode);
        const std::string name = QTest::currentDataTag();
        auto list = arguments("clip", name, 4);
        list.replaceInStrings(QStringLiteral("steps=6"), QStringLiteral("steps=100000"));
        list.replaceInStrings(QStringLiteral("checkpoint_every=2"), QStringLiteral("checkpoint_every=1000"));
        QProcess process;
        process.start(QStringLiteral(DREAM_PROGRAM), list << QStringLiteral("--gpus") << QStringLiteral("2"));
        QVERIFY(waitForStep(name, 3, "clip"));
        const auto children = childrenOf(process.processId());
        QCOMPARE(children.size(), 1U);
        kill(pid_t(process.processId()), signal);
        QVERIFY(process.waitForFinished(30000));
        QCOMPARE(process.exitCode(), exitCode);
        QVERIFY(QTest::qWaitFor([&] { return hasEnded(children[0]); }, 5000));
    }

    void whereRanksCantMeetIsSaid_data()
    {
        QTest::addColumn<QString>("rank");
        QTest::addColumn<QString>("address");
        QTest::addColumn<bool>("taken");
        QTest::addColumn<QString>("sentence");
        const auto row
            = [](const char* name, const char* rank, const char* address, bool taken, const char* sentence) {
                  QTest::newRow(name) << QString::fromLatin1(rank) << QString::fromLatin1(address) << taken
                                      << QString::fromLatin1(sentence);
              };
        row("no such machine", "1", "nowhere.invalid", false, "\"nowhere.invalid\" is no machine");
        row("another machine", "0", "192.0.2.1", false, "set MASTER_ADDR to the machine of rank 0");
        row("a port in use", "0", "127.0.0.1", true, "is taken");
    }
    void whereRanksCantMeetIsSaid()
    {
        QFETCH(QString, rank);
        QFETCH(QString, address);
        QFETCH(bool, taken);
        QFETCH(QString, sentence);
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::Any));
        const auto process
            = startRank({ { "RANK", rank.toStdString() },
                          { "WORLD_SIZE", "2" },
                          { "MASTER_ADDR", address.toStdString() },
                          { "MASTER_PORT", taken ? std::to_string(server.serverPort()) : freePort() } },
                        arguments("clip", "nowhere", 4));
        QVERIFY(process->waitForFinished(30000));
        const auto output = QString::fromUtf8(process->readAll());
        QVERIFY(process->exitCode() != 0);
        // LibTorch may have logged what it tried before that.
        QVERIFY2(output.trimmed().section(u'\n', -1).contains(sentence), qPrintable(output));
    }

    void anAutoencodersRanksLearnTogether()
    {
        const QStringList settings{
            QStringLiteral("model.vqgan={\"dim\":16,\"image_size\":16,\"layers\":1,\"discr_layers\":1,"
                           "\"vq_codebook_size\":16,\"vq_codebook_dim\":4,\"encdec_resnet_groups\":4,"
                           "\"vq_heads\":2,\"vq_separate_codebook_per_head\":true,"
                           "\"encdec_attn_heads\":2,\"encdec_attn_dim_head\":4}"),
            QStringLiteral("vqgan.discr_after=1"), QStringLiteral("vqgan.grad_penalty_every=2"),
            QStringLiteral("vqgan.eps=1e-3") // or Adam makes a whole step of a gradient's rounding
        };
        dreams(arguments("vqgan", "features 1", 6, settings),
               arguments("vqgan", "features 2", 3, settings)
                   << QStringLiteral("--gpus") << QStringLiteral("2"));
        const double losses = difference("features 2", "features 1");
        qInfo("losses differ by %.2g", losses);
        QVERIFY(losses < 1e-4);
        QVERIFY(weightDifference("features 2", "features 1") < 1e-3);
        const auto last = [this](const char* run) {
            return reverie::checkpoint_folder(path(run), "vqgan", 6) / "model.safetensors";
        };
        for (const auto* part : { "discr.", "_codebook." })
            QVERIFY2(
                fileDifference(last("features 1"), last("features 2"), part) < 1e-4,
                qPrintable(QString::number(fileDifference(last("features 1"), last("features 2"), part))));
        forget("features 2", "features on", 2);
        dream({ QStringLiteral("train"), QStringLiteral("--resume"),
                QString::fromStdString(path("features on")) });
        QVERIFY(difference("features on", "features 1") < 1e-4);
        const auto output
            = dream(arguments("vqgan", "pieces", 4,
                              settings + QStringList{ QStringLiteral("vqgan.max_batch_size=2") })
                        << QStringLiteral("--gpus") << QStringLiteral("2"),
                    2);
        QVERIFY2(output.contains("learns from whole batches"), output);
    }

    void aRunGoesOnWithAnyNumberOfRanks()
    {
        dreams(arguments("clip", "uneven", 2) << QStringLiteral("--gpus") << QStringLiteral("2"),
               arguments("clip", "even", 4));
        const auto go_on = [this](const std::string& run, int ranks, int expected) {
            return dream({ QStringLiteral("train"), QStringLiteral("--resume"),
                           QString::fromStdString(path(run)), QStringLiteral("--gpus"),
                           QString::number(ranks), QStringLiteral("--set"), QStringLiteral("steps=10") },
                         expected);
        };
        go_on("uneven", 3, 0); // 1, 1 and 2 samples
        go_on("even", 1, 0);
        QVERIFY(difference("uneven", "even") < 1e-4);
        QVERIFY(losses("uneven").contains("clip train 10"));
        const auto output = go_on("uneven", 5, 2);
        QVERIFY2(output.contains("4 samples can't be shared out among 5"), output);
    }

    void launchersAreUnderstood_data()
    {
        QTest::addColumn<QString>("variables");
        QTest::addColumn<QString>("place"); // rank/ranks local/local ranks address:port
        const auto row = [](const char* name, const char* variables, const char* place) {
            QTest::newRow(name) << QString::fromLatin1(variables) << QString::fromLatin1(place);
        };
        row("alone", "", "0/1 0/1 127.0.0.1:29500");
        row("torchrun",
            "RANK=5 WORLD_SIZE=8 LOCAL_RANK=1 LOCAL_WORLD_SIZE=4 MASTER_ADDR=gpu7 MASTER_PORT=1234 "
            "SLURM_PROCID=0 SLURM_NTASKS=2",
            "5/8 1/4 gpu7:1234");
        row("Slurm",
            "SLURM_PROCID=3 SLURM_NTASKS=4 SLURM_LOCALID=1 SLURM_NTASKS_PER_NODE=2 SLURM_JOB_ID=42 "
            "SLURM_STEP_ID=0 SLURM_STEP_NODELIST=gpu[03-04,9]",
            "3/4 1/2 gpu03:15042");
        row("Slurm with its own distribution",
            "SLURM_PROCID=5 SLURM_NTASKS=8 SLURM_LOCALID=1 SLURM_NODEID=1 SLURM_STEP_TASKS_PER_NODE=4(x2)",
            "5/8 1/4 127.0.0.1:29500");
        row("Slurm, uneven",
            "SLURM_PROCID=7 SLURM_NTASKS=8 SLURM_LOCALID=1 SLURM_NODEID=2 "
            "SLURM_STEP_TASKS_PER_NODE=3(x2),2",
            "7/8 1/2 127.0.0.1:29500");
        row("Slurm's script", "SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_JOB_ID=42", "0/1 0/1 127.0.0.1:29500");
        row("Open MPI",
            "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=0 "
            "OMPI_COMM_WORLD_LOCAL_SIZE=1 MASTER_ADDR=a",
            "1/2 0/1 a:29500");
        row("PMI", "PMI_RANK=1 PMI_SIZE=2", "1/2 1/2 127.0.0.1:29500");
    }
    void launchersAreUnderstood()
    {
        QFETCH(QString, variables);
        QFETCH(QString, place);
        Variables map;
        for (const auto& variable : variables.split(u' ', Qt::SkipEmptyParts))
            map[variable.section(u'=', 0, 0).toStdString()] = variable.section(u'=', 1).toStdString();
        const auto rank = rankBy(map);
        QCOMPARE(QStringLiteral("%1/%2 %3/%4 %5:%6")
                     .arg(rank.rank)
                     .arg(rank.ranks)
                     .arg(rank.local_rank)
                     .arg(rank.local_ranks)
                     .arg(QString::fromStdString(rank.address))
                     .arg(rank.port),
                 place);
    }

    void variablesThatContradictAreNamed()
    {
        QVERIFY(errorOf([] { rankBy({ { "RANK", "1" } }); }).contains(u"WORLD_SIZE is not"));
        QVERIFY(errorOf([] {
                    rankBy({ { "RANK", "2" }, { "WORLD_SIZE", "2" } });
                }).contains(u"count from 0"));
        QVERIFY(errorOf([] {
                    rankBy({ { "RANK", "x" }, { "WORLD_SIZE", "2" } });
                }).contains(u"RANK is \"x\""));
    }
};

QTEST_GUILESS_MAIN(DistributedTest)
#include "tst_distributed.moc"
