// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "core/io/pipeline.h"
#include "core/io/safetensors.h"
#include "core/run/run_directory.h"
#include "core/train/run_training.h"
#include "tests/base/error_of.h"

#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <map>
#include <sstream>

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

    /// A few plainly coloured squares, two of them kept for testing.
    void writeData() const
    {
        const std::vector<std::string> colours = { "red", "green", "blue", "grey" };
        const std::vector<std::string> places = { "top", "left", "middle", "whole" };
        json captions = json::array();
        std::vector<torch::Tensor> pictures;
        for (std::size_t c = 0; c < colours.size(); ++c) {
            for (std::size_t p = 0; p < places.size(); ++p) {
                captions.push_back(colours[c] + " square: " + places[p]);
                auto picture = torch::full({ 16, 16, 3 }, 255, torch::kByte);
                const auto corner = std::int64_t(p * 3);
                picture.slice(0, corner, corner + 6)
                    .slice(1, corner, corner + 6)
                    .select(2, std::int64_t(c % 3))
                    .fill_(0);
                pictures.push_back(picture);
            }
        }
        const json meta{ { "description", "Squares." },
                         { "native_size", 16 },
                         { "captions", captions },
                         { "test", { 6, 11 } } };
        reverie::write_safetensors(path("squares.safetensors"), { { "images", torch::stack(pictures) } },
                                   { { "reverie.dataset", meta.dump() } });
    }

    TrainRequest request(const std::string& run) const
    {
        TrainRequest request;
        request.preset = "tiny";
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

private Q_SLOTS:
    void initTestCase()
    {
        writeData();
        const auto result = reverie::run_training(request("whole"), {}, {});
        QVERIFY(!result.stopped);
        QVERIFY(result.model == path("whole") / "model.safetensors");
    }

    void aRunLeavesWhatAWatcherNeeds()
    {
        const auto status = reverie::read_run_status(path("whole"));
        QCOMPARE(QString::fromStdString(status->state), QStringLiteral("finished"));
        QCOMPARE(losses(path("whole")).size(), 4U * 6);
        QVERIFY(reverie::read_file(path("whole/samples/unet2/00000006/00.png")).starts_with("\x89PNG"));
        QCOMPARE(reverie::list_checkpoints(path("whole")).size(), 3U);
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
        QCOMPARE(QString::fromStdString(model.metadata.at("modelspec.title")), QStringLiteral("Tiny"));
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

    void theConfigurationIsLaidInLayers()
    {
        auto layered = request("none");
        reverie::write_file(path("over.json"), R"({"prior": {"lr": 0.5}, "unet2": {"batch": 3}, "seed": 9})");
        layered.config = path("over.json");
        layered.set = { "steps=11", "decoder.lr=0.25", "unet1.lr=0.125", "model.decoder.unets.0.dim=16" };
        const auto config = json::parse(reverie::resolved_training_config(layered));
        QCOMPARE(config["clip"]["steps"].get<int>(), 11);
        QCOMPARE(config["prior"]["lr"].get<double>(), 0.5);
        QCOMPARE(config["unet1"]["lr"].get<double>(), 0.125);
        QCOMPARE(config["unet2"]["lr"].get<double>(), 0.25);
        QCOMPARE(config["unet2"]["batch"].get<int>(), 3);
        QCOMPARE(config["unet1"]["batch"].get<int>(), 8); // the preset's word for the whole decoder
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
        QTest::newRow("schedule") << QStringLiteral("prior.schedule=linear")
                                  << QStringLiteral("constant or cosine");
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
        wrong.what = "vqgan";
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
