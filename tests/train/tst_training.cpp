// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "core/io/pipeline.h"
#include "core/io/safetensors.h"
#include "core/run/run_directory.h"
#include "core/train/run_training.h"
#include "tests/base/error_of.h"
#include "tests/base/small_files_only.h"
#include "tests/train/squares.h"

#include <QSet>
#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

namespace fs = std::filesystem;
using nlohmann::json;
using reverie::TrainRequest;
using reverie::TrainUpdate;

class TrainingTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const std::string& name) const { return fs::path(m_folder.path().toStdString()) / name; }

    TrainRequest request(const std::string& run) const
    {
        TrainRequest request;
        request.config = fs::path(REVERIE_TEST_DATA) / "train/smallest.json";
        request.data = path("squares.safetensors");
        request.run = path(run);
        request.set = { "steps=6", "report_every=1", "checkpoint_every=4", "batch=8" };
        request.device = "cpu";
        return request;
    }

    /// "part step" -> loss, the last word on each.
    std::map<std::string, double> losses(const fs::path& run) const
    {
        std::map<std::string, double> losses;
        std::istringstream lines(reverie::read_file(run / "metrics.jsonl"));
        for (std::string line; std::getline(lines, line);)
            if (const auto entry = json::parse(line); entry.contains("loss"))
                losses[entry["part"].get<std::string>() + " " + entry["step"].dump()] = entry["loss"];
        return losses;
    }

    std::vector<reverie::MetricsLine> lines(const std::string& run, const std::string& split) const
    {
        auto lines = reverie::current_metrics(path(run));
        std::erase_if(lines, [&](const auto& line) { return line.split != split; });
        return lines;
    }

    /// The rules by which the doctor found something.
    QSet<QString> findings(const std::string& run) const
    {
        QSet<QString> rules;
        for (const auto& line : reverie::current_metrics(path(run)))
            if (line.event == "doctor")
                rules << QString::fromStdString(line.words.at("rule"));
        return rules;
    }

    /// The learning rates of the prior, by step.
    QString rates(const std::string& run) const
    {
        QStringList rates;
        for (const auto& line : lines(run, "train"))
            rates << QString::number(line.numbers.at("lr"));
        return rates.join(u' ');
    }

    /// Trains the prior alone; at the end of step `step`, `at` is called once.
    reverie::TrainResult trainPrior(const TrainRequest& request, int step, const std::function<void()>& at,
                                    std::stop_token stop = {}) const
    {
        bool called = false;
        return reverie::run_training(
            request,
            [&](const TrainUpdate& update) {
                if (update.event.empty() && update.step == step && !std::exchange(called, true))
                    at();
            },
            stop);
    }

    TrainRequest priorRequest(const std::string& run, const QStringList& settings = {}) const
    {
        auto prior = request(run);
        prior.what = "prior";
        prior.init = path("whole/model.safetensors");
        for (const auto& setting : settings)
            prior.set.push_back(setting.toStdString());
        return prior;
    }

    TrainRequest resumeOf(const std::string& run) const
    {
        TrainRequest rest;
        rest.run = path(run);
        rest.resume = true;
        return rest;
    }

private Q_SLOTS:
    void initTestCase()
    {
        writeSquares(path("squares.safetensors"));
        const auto result = reverie::run_training(request("whole"), {}, {});
        QVERIFY(!result.stopped);
        QVERIFY(result.model == path("whole") / "model.safetensors");
        reverie::run_training(priorRequest("set-none"), {}, {});
    }

    void aRunLeavesWhatAWatcherNeeds()
    {
        const auto status = reverie::read_run_status(path("whole"));
        QCOMPARE(QString::fromStdString(status->state), QStringLiteral("finished"));
        QCOMPARE(losses(path("whole")).size(), 4U * 6);
        QVERIFY(reverie::read_file(path("whole/samples/unet2/00000006/00.png")).starts_with("\x89PNG"));
        QVERIFY(fs::exists(path("whole/samples/unet2/00000006/grid.png")));
        QVERIFY(reverie::list_checkpoints(path("whole")).size() >= 3U);
        for (const char* part : { "clip", "prior", "unet1", "unet2" })
            QVERIFY2(reverie::best_checkpoint(path("whole"), part), part);
        const auto valid = lines("whole", "valid");
        QCOMPARE(valid.size(), 4U);
        QVERIFY(valid.front().numbers.at("loss") > 0 && valid.front().numbers.at("train_loss") > 0);
        for (const char* name : { "text", "original", "baseline", "unrelated" })
            QVERIFY2(lines("whole", "test").at(1).numbers.contains("test_similarity_" + std::string(name)),
                     name);
        const auto recorded = json::parse(reverie::read_file(path("whole/run.json")));
        QCOMPARE(recorded["config"]["unet2"]["steps"].get<int>(), 6);
    }

    void theModelSaysWhatItLearned()
    {
        const auto model = reverie::load_pipeline(path("whole/model.safetensors"));
        QVERIFY(model.clip && model.prior && model.decoder && model.tokenizer);
        const auto trained = json::parse(model.metadata.at("reverie.trained"));
        for (const char* part : { "clip", "prior", "unet1", "unet2" })
            QCOMPARE(trained[part].get<int>(), 6);
        QCOMPARE(json::parse(model.metadata.at("reverie.captions")).size(), 14U);
        QCOMPARE(QString::fromStdString(model.metadata.at("modelspec.title")), QStringLiteral("Smallest"));
    }

    void aStoppedRunGoesOnToTheSameNumbers_data()
    {
        QTest::addColumn<QString>("part");
        QTest::addColumn<int>("step");
        QTest::newRow("in CLIP") << QStringLiteral("clip") << 3;
        QTest::newRow("in the prior") << QStringLiteral("prior") << 5;
        QTest::newRow("in the first U-Net") << QStringLiteral("unet1") << 3;
        QTest::newRow("at the end of a part") << QStringLiteral("unet1") << 6;
        QTest::newRow("in the last U-Net") << QStringLiteral("unet2") << 2;
    }
    void aStoppedRunGoesOnToTheSameNumbers()
    {
        QFETCH(QString, part);
        QFETCH(int, step);
        auto resumed = request(std::string("stopped-") + QTest::currentDataTag());
        std::stop_source stop;
        const auto stopThere = [&](const TrainUpdate& update) {
            if (update.event.empty() && update.part == part.toStdString() && update.step == step)
                stop.request_stop();
        };
        QVERIFY(reverie::run_training(resumed, stopThere, stop.get_token()).stopped);
        QVERIFY(!fs::exists(resumed.run / "model.safetensors"));
        QCOMPARE(QString::fromStdString(reverie::read_run_status(resumed.run)->state),
                 QStringLiteral("stopped"));

        TrainRequest rest;
        rest.run = resumed.run;
        rest.resume = true;
        QVERIFY(!reverie::run_training(rest, {}, {}).stopped);
        QVERIFY(losses(resumed.run) == losses(path("whole")));
        const auto ours = reverie::read_safetensors(resumed.run / "model.safetensors").tensors;
        const auto straight = reverie::read_safetensors(path("whole/model.safetensors")).tensors;
        QCOMPARE(ours.size(), straight.size());
        for (const auto& [name, tensor] : straight)
            QVERIFY2(torch::equal(ours.at(name), tensor), name.c_str());
    }

    void partsStartFromGivenWeights()
    {
        auto decoder = request("decoder");
        decoder.what = "decoder";
        decoder.unet = 1;
        QVERIFY(errorOf([&] { reverie::run_training(decoder, {}, {}); }).contains(u"--init"));
        QVERIFY(!fs::exists(decoder.run));
        decoder.init = path("whole/model.safetensors");
        reverie::run_training(decoder, {}, {});
        const auto before = reverie::read_safetensors(decoder.init).tensors;
        const auto after = reverie::read_safetensors(decoder.run / "model.safetensors").tensors;
        for (const auto& [name, tensor] : before)
            if (!name.starts_with("decoder.unets.0."))
                QVERIFY2(torch::equal(after.at(name), tensor), name.c_str());
        const auto* changed = "decoder.unets.0.to_out.weight";
        QVERIFY(!torch::equal(after.at(changed), before.at(changed)));
    }

    void anotherSeedGivesOtherNumbers()
    {
        auto other = request("other");
        other.what = "clip";
        other.set.emplace_back("seed=1");
        reverie::run_training(other, {}, {});
        QVERIFY(losses(other.run).at("clip 6") != losses(path("whole")).at("clip 6"));
    }

    void chunksOfABatchGiveItsLoss()
    {
        reverie::run_training(priorRequest("at-once"), {}, {});
        reverie::run_training(priorRequest("chunks", { QStringLiteral("prior.max_batch_size=3") }), {}, {});
        const auto whole = losses(path("at-once")), chunks = losses(path("chunks"));
        for (const auto& [step, loss] : whole)
            QVERIFY2(std::abs(chunks.at(step) - loss) < 1e-3 * loss, step.c_str());
        QVERIFY(std::abs(chunks.at("prior 1") - whole.at("prior 1")) < 1e-5);
        const double loss = lines("at-once", "valid").at(0).numbers.at("loss");
        QVERIFY(std::abs(lines("chunks", "valid").at(0).numbers.at("loss") - loss) < 1e-3 * loss);
    }

    void narrowProductsGiveNearlyTheSameLoss()
    {
        auto narrow = request("narrow");
        narrow.dtype = "bf16";
        reverie::run_training(narrow, {}, {});
        const auto recorded = json::parse(reverie::read_file(path("narrow/run.json")));
        QCOMPARE(QString::fromStdString(recorded["config"]["unet1"]["precision"]), QStringLiteral("bf16"));
        const auto exact = losses(path("whole")), near = losses(path("narrow"));
        for (const std::string part : { "clip", "prior", "unet1", "unet2" }) {
            QVERIFY2(std::abs(near.at(part + " 1") - exact.at(part + " 1")) < 0.01 * exact.at(part + " 1"),
                     part.c_str());
            QVERIFY2(near.at(part + " 6") != exact.at(part + " 6"), part.c_str());
        }
    }

    void aPartEndsEarlyAndKeepsItsBest()
    {
        reverie::run_training(
            priorRequest("early",
                         { QStringLiteral("lr=1e-30"), QStringLiteral("validate_every=1"),
                           QStringLiteral("patience=2"), QStringLiteral("keep_best=true") }),
            {}, {});
        QCOMPARE(losses(path("early")).size(), 3U); // the first was the best, and two were no better
        QCOMPARE(reverie::best_checkpoint(path("early"), "prior")->step, 1);
        const auto model = reverie::load_pipeline(path("early/model.safetensors"));
        QCOMPARE(json::parse(model.metadata.at("reverie.trained"))["prior"].get<int>(), 1);
        QVERIFY(reverie::read_file(path("early/log.txt")).find("Ended prior early") != std::string::npos);
    }

    void theDoctorTellsSickRunsFromHealthyOnes()
    {
        QCOMPARE(findings("whole") - QSet<QString>{ QStringLiteral("data too small") }, QSet<QString>());
        QVERIFY(findings("whole").contains(QStringLiteral("data too small"))); // 14 pictures are few
        QVERIFY(findings("early").contains(QStringLiteral("weights frozen")));
        reverie::run_training(priorRequest("wild", { QStringLiteral("lr=3") }), {}, {});
        QVERIFY(findings("wild").contains(QStringLiteral("lr too high")));
    }

    void promptsAreDrawnByThePartsThereAre()
    {
        auto prompted = request("prompted");
        prompted.set.emplace_back(R"(sample_prompts=["a red square", "blue", "green"])");
        reverie::run_training(prompted, {}, {});
        const auto folder = path("prompted/samples/unet2/00000006");
        QVERIFY(fs::exists(folder / "02.png") && !fs::exists(folder / "03.png"));
        QVERIFY(reverie::read_file(folder / "00.png").find("a red square") != std::string::npos);
        QVERIFY(fs::exists(folder / "grid.png"));
    }

    void aSettingIsMadeOnTheWayAndSurvivesResuming()
    {
        const auto setRate = [&](const std::string& run) {
            return [this, run] {
                reverie::post_request(path(run), { "set", R"({"key": "lr", "value": 0.5})" });
            };
        };
        trainPrior(priorRequest("set"), 2, setRate("set"));
        QCOMPARE(rates("set"), QStringLiteral("0.001 0.001 0.5 0.5 0.5 0.5"));
        QVERIFY(fs::is_empty(path("set/control")));

        // Set at 2, stopped at 3 with its checkpoint lost: step 3 is made again as it was.
        std::stop_source stop;
        auto early = priorRequest("set-resumed", { QStringLiteral("checkpoint_every=1") });
        bool set = false;
        reverie::run_training(
            early,
            [&](const TrainUpdate& update) {
                if (update.event.empty() && update.step == 2 && !std::exchange(set, true))
                    setRate("set-resumed")();
                if (update.event.empty() && update.step == 4)
                    stop.request_stop();
            },
            stop.get_token());
        for (const auto& checkpoint : reverie::list_checkpoints(path("set-resumed")))
            if (checkpoint.step > 1)
                fs::remove_all(checkpoint.folder);
        reverie::run_training(resumeOf("set-resumed"), {}, {});
        QCOMPARE(rates("set-resumed"), rates("set"));
        auto straight = losses(path("set"));
        QVERIFY(losses(path("set-resumed")) == straight);
    }

    void requestsAreAnsweredWithAReason()
    {
        const auto ask = [&](const char* verb, const char* arguments = "{}") {
            reverie::post_request(path("asked"), { verb, arguments });
        };
        trainPrior(priorRequest("asked"), 3, [&] {
            ask("set", R"({"key": "batch", "value": 3})");
            ask("set", R"({"key": "lr", "value": -1})");
            ask("resume");
            ask("rollback", R"({"step": 2})");
            ask("checkpoint");
            ask("sample");
        });
        QStringList answers;
        for (const auto& line : reverie::current_metrics(path("asked")))
            if (line.words.contains("verb"))
                answers << QString::fromStdString(line.words.at("verb")) + u' '
                        + QString::number(line.numbers.at("ok"));
        QCOMPARE(answers.join(QStringLiteral(", ")),
                 QStringLiteral("set 0, set 0, resume 0, rollback 0, checkpoint 1, sample 1"));
        QVERIFY(fs::exists(path("asked/checkpoints/prior-00000003")));
    }

    void aPausedRunGoesOnToTheSameNumbers()
    {
        std::thread watcher;
        const auto pause = [&] {
            reverie::post_request(path("paused"), { "pause" });
            watcher = std::thread([this] {
                for (int i = 0; i < 600 && reverie::read_run_status(path("paused"))->state != "paused"; ++i)
                    std::this_thread::sleep_for(std::chrono::milliseconds(20));
                reverie::post_request(path("paused"), { "resume" });
            });
        };
        QVERIFY(!trainPrior(priorRequest("paused"), 3, pause).stopped);
        watcher.join();
        const auto log = reverie::read_file(path("paused/log.txt"));
        QVERIFY(log.find("Paused at step 3") != std::string::npos);
        QVERIFY(log.find("Going on at step 3") != std::string::npos);
        QVERIFY(losses(path("paused")) == losses(path("set-none")));
    }

    void aRollbackGoesBackToACheckpoint()
    {
        trainPrior(priorRequest("back", { QStringLiteral("checkpoint_every=2") }), 5, [&] {
            reverie::post_request(path("back"), { "rollback", R"({"step": 3})" });
        });
        QVERIFY(reverie::read_file(path("back/log.txt")).find("Rolled back to step 2") != std::string::npos);
        QVERIFY(losses(path("back")) == losses(path("set-none"))); // the same steps again
    }

    void aDiskThatFillsUpLosesNothing()
    {
        std::optional<SmallFilesOnly> full;
        const auto error = errorOf([&] {
            trainPrior(priorRequest("full", { QStringLiteral("checkpoint_every=2") }), 3,
                       [&] { full.emplace(20'000); });
        });
        full.reset();
        QVERIFY2(error.contains(u"can't be written")
                     && error.contains(u"Then go on from the last checkpoint with dream train --resume "),
                 qPrintable(error));
        QCOMPARE(reverie::list_checkpoints(path("full")).back().step, 2);
        reverie::run_training(resumeOf("full"), {}, {});
        QVERIFY(losses(path("full")) == losses(path("set-none")));
    }

    void aStopIsAskedForByFile()
    {
        QVERIFY(trainPrior(priorRequest("ended"), 2, [&] {
                    reverie::post_request(path("ended"), { "stop" });
                }).stopped);
        QVERIFY(reverie::list_checkpoints(path("ended")).back().step == 2);
    }

    void whatIsNotFiniteIsNamedAndChangesNothing()
    {
        auto poisoned = reverie::read_safetensors(path("whole/model.safetensors"));
        auto& weight = poisoned.tensors.at("prior.net.learned_query");
        weight = weight.clone();
        weight[0] = std::nan("");
        reverie::write_safetensors(path("poisoned.safetensors"), poisoned.tensors, poisoned.metadata);
        auto request = priorRequest("poisoned");
        request.init = path("poisoned.safetensors");
        const auto error = errorOf([&] { reverie::run_training(request, {}, {}); });
        QVERIFY2(error.contains(u"at step 1 (rows "), qPrintable(error));
        QVERIFY2(error.contains(u"the weight net.learned_query"), qPrintable(error));
        QCOMPARE(QString::fromStdString(reverie::read_run_status(request.run)->reason), error);
    }

    void aRunWaitsForTheOneBeforeIt()
    {
        auto second = priorRequest("second");
        second.after = path("nowhere");
        QVERIFY(errorOf([&] { reverie::run_training(second, {}, {}); }).contains(u"no run to wait for"));
        second.after = path("whole"); // has ended
        QVERIFY(!reverie::run_training(second, {}, {}).stopped);
        QVERIFY(reverie::read_file(path("second/log.txt")).find("Waiting for") != std::string::npos);
        second.run = path("third");
        second.after = path("before");
        const reverie::RunDirectory before(path("before"), /*resume=*/false); // is alive
        std::stop_source stop;
        const auto stopAtOnce = [&](const TrainUpdate&) { stop.request_stop(); };
        QVERIFY(reverie::run_training(second, stopAtOnce, stop.get_token()).stopped);
    }

    void theConfigurationIsLaidInLayers()
    {
        auto layered = request("none");
        layered.preset = "tiny";
        reverie::write_file(path("over.json"), R"({"prior": {"lr": 0.5}, "unet2": {"batch": 6}, "seed": 9})");
        layered.config = path("over.json");
        layered.set = { "steps=11", "decoder.lr=0.25", "unet1.lr=0.125", "model.decoder.unets.0.dim=16" };
        const auto config = json::parse(reverie::resolved_training_config(layered));
        QCOMPARE(config["clip"]["steps"].get<int>(), 11);
        QCOMPARE(config["prior"]["lr"].get<double>(), 0.5);
        QCOMPARE(config["unet1"]["lr"].get<double>(), 0.125);
        QCOMPARE(config["unet2"]["lr"].get<double>(), 0.25);
        QCOMPARE(config["unet2"]["batch"].get<int>(), 6);
        QCOMPARE(config["unet1"]["batch"].get<int>(), 64);
        QCOMPARE(config["unet1"]["warmup_steps"].get<int>(), 50); // the preset's word for the whole decoder
        QCOMPARE(config["seed"].get<int>(), 9);
        QCOMPARE(config["model"]["decoder"]["unets"][0]["dim"].get<int>(), 16);
        QCOMPARE(config["model"]["clip"]["num_text_tokens"].get<int>(), 600);
    }

    void wrongRequestsAreAnsweredInASentence_data()
    {
        QTest::addColumn<QString>("setting");
        QTest::addColumn<QString>("reason");
        QTest::newRow("unknown key") << QStringLiteral("prior.speed=3") << QStringLiteral("prior.speed");
        QTest::newRow("unknown bare key") << QStringLiteral("speed=3") << QStringLiteral("no option speed");
        QTest::newRow("no value") << QStringLiteral("steps") << QStringLiteral("key=value");
        QTest::newRow("another type") << QStringLiteral("clip.lr=fast") << QStringLiteral("must be a number");
        QTest::newRow("no steps") << QStringLiteral("steps=0") << QStringLiteral("steps must be at least 1");
        QTest::newRow("unknown model key")
            << QStringLiteral("model.clip.width=3") << QStringLiteral("clip.width");
        QTest::newRow("no such list entry")
            << QStringLiteral("model.decoder.unets.7.dim=3") << QStringLiteral("no entry");
        QTest::newRow("schedule") << QStringLiteral("prior.schedule=square")
                                  << QStringLiteral("constant, cosine, linear or step");
        QTest::newRow("precision") << QStringLiteral("precision=f8") << QStringLiteral("f32, bf16 or f16");
        QTest::newRow("half precision on the CPU")
            << QStringLiteral("precision=f16") << QStringLiteral("for CUDA devices");
        QTest::newRow("CLIP in chunks")
            << QStringLiteral("max_batch_size=4") << QStringLiteral("compares a whole batch");
        QTest::newRow("falls without a length")
            << QStringLiteral("schedule=step") << QStringLiteral("decay_steps");
        QTest::newRow("patience") << QStringLiteral("patience=-1") << QStringLiteral("at least 0");
    }
    void wrongRequestsAreAnsweredInASentence()
    {
        QFETCH(QString, setting);
        QFETCH(QString, reason);
        auto wrong = request("wrong");
        wrong.set.push_back(setting.toStdString());
        const auto error = errorOf([&] { reverie::run_training(wrong, {}, {}); });
        QVERIFY2(error.contains(reason), qPrintable(error));
        QVERIFY(!fs::exists(wrong.run));
    }

    void unknownNamesAreAnsweredWithTheKnownOnes()
    {
        auto wrong = request("wrong");
        wrong.preset = "tin";
        QVERIFY(errorOf([&] { reverie::run_training(wrong, {}, {}); }).contains(u"tiny"));
        wrong = request("wrong");
        wrong.what = "pizza";
        QVERIFY(errorOf([&] { reverie::run_training(wrong, {}, {}); }).contains(u"decoder or all"));
        wrong = request("whole");
        QVERIFY(errorOf([&] { reverie::run_training(wrong, {}, {}); }).contains(u"holds a run already"));
    }

    void allPresetsAreSound()
    {
        for (const auto& name : reverie::preset_names()) {
            TrainRequest preset;
            preset.preset = name;
            const auto config = json::parse(reverie::resolved_training_config(preset));
            QVERIFY2(config["model"].contains("decoder"), name.c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TrainingTest)
#include "tst_training.moc"
