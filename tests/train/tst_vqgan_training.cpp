// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "core/io/pipeline.h"
#include "core/io/state_dict.h"
#include "core/run/metrics.h"
#include "core/run/run_status.h"
#include "core/train/run_training.h"
#include "tests/base/error_of.h"
#include "tests/train/squares.h"

#include <QTemporaryDir>
#include <QTest>

using namespace reverie;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

json autoencoder()
{
    return { { "dim", 16 },
             { "image_size", 16 },
             { "layers", 1 },
             { "discr_layers", 1 },
             { "vq_codebook_dim", 4 },
             { "vq_codebook_size", 16 },
             { "encdec_resnet_groups", 4 },
             { "encdec_attn_heads", 2 },
             { "encdec_attn_dim_head", 4 } };
}

} // namespace

class VqganTrainingTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const std::string& name) const { return fs::path(m_folder.path().toStdString()) / name; }

    TrainRequest request(const std::string& run) const
    {
        TrainRequest request;
        request.what = "vqgan";
        request.config = path("vqgan.json");
        request.data = path("squares.safetensors");
        request.run = path(run);
        request.set = { "steps=8",
                        "batch=6",
                        "lr=2e-3",
                        "report_every=1",
                        "checkpoint_every=4",
                        "dtype=f32",
                        "vqgan.ema_update_every=1",
                        "vqgan.ema_update_after_step=2" };
        request.device = "cpu";
        return request;
    }

    TensorMap state(const std::string& run, std::int64_t step) const
    {
        return read_safetensors(checkpoint_folder(path(run), "vqgan", step) / "state.safetensors").tensors;
    }

private Q_SLOTS:
    void initTestCase()
    {
        // A preset "tiny" nearer than the one that ships, which takes minutes.
        fs::create_directories(path("data/reverie/presets"));
        fs::copy_file(REVERIE_TEST_DATA "/train/smallest.json", path("data/reverie/presets/tiny.json"));
        qputenv("XDG_DATA_HOME", path("data").c_str());
        writeSquares(path("squares.safetensors"));
        write_file(path("vqgan.json"), json{ { "model", { { "vqgan", autoencoder() } } } }.dump());
    }

    void itLearnsToGivePicturesBack()
    {
        auto asked = request("learns");
        asked.set.insert(asked.set.end(), { "steps=60", "sample_every=20", "checkpoint_every=60" });
        const auto result = run_training(asked, {}, {});
        std::vector<double> errors;
        for (const auto& line : current_metrics(asked.run))
            if (line.split == "test") {
                errors.push_back(line.numbers.at("train_error"));
                QVERIFY(line.numbers.contains("test_error"));
                QVERIFY(line.numbers.at("codes_used") > 0 && line.numbers.at("codes_used") <= 1);
            }
        QCOMPARE(errors.size(), std::size_t(3));
        QVERIFY2(errors.back() < 0.8 * errors.front(),
                 qPrintable(QString::number(errors.front()) + QStringLiteral(" ")
                            + QString::number(errors.back())));

        const auto folder = asked.run / "samples" / "vqgan" / step_digits(60);
        const auto png = read_file(folder / "00.png");
        QCOMPARE(int(png.at(19)), 32); // the picture and its reconstruction, side by side
        QCOMPARE(int(png.at(23)), 16);
        QVERIFY(fs::exists(folder / "13.png") && fs::exists(folder / "grid.png"));

        const auto pipeline = load_pipeline(result.model);
        QVERIFY(pipeline.vqgan && !pipeline.clip && !pipeline.decoder);
        QVERIFY(pipeline.vqgan->has_discriminator());
        const torch::NoGradGuard no_grad;
        auto vqgan = pipeline.vqgan;
        QCOMPARE(vqgan(torch::rand({ 1, 3, 16, 16 })).sizes(), torch::IntArrayRef({ 1, 3, 16, 16 }));
    }

    void aRunThatGoesOnGivesTheSameNumbers()
    {
        run_training(request("whole"), {}, {});
        std::stop_source stop;
        run_training(
            request("parts"),
            [&](const TrainUpdate& update) {
                if (update.step == 5)
                    stop.request_stop();
            },
            stop.get_token());
        TrainRequest on;
        on.run = path("parts");
        on.resume = true;
        run_training(on, {}, {});
        const auto whole = state("whole", 8), parts = state("parts", 8);
        QCOMPARE(parts.size(), whole.size());
        std::size_t beside = 0;
        for (const auto& [name, tensor] : whole) {
            QVERIFY2(tensor.equal(parts.at(name)), name.c_str());
            beside += name.starts_with("discriminator.") ? 1 : 0;
        }
        QVERIFY(beside > 3);
    }

    void theDiscriminatorBeginsWhenItIsTold()
    {
        auto asked = request("late");
        asked.set.emplace_back("vqgan.discr_after=5");
        run_training(asked, {}, {});
        auto never = request("never");
        never.set.emplace_back("vqgan.discr_after=1000");
        run_training(never, {}, {});
        const auto late = state("late", 8), resting = state("never", 8);
        QVERIFY(late.at("discriminator.adam.steps").eq(3).all().item<bool>());
        QVERIFY(resting.at("discriminator.adam.steps").eq(0).all().item<bool>());
        QVERIFY(!late.at("discriminator.weight.0").equal(resting.at("discriminator.weight.0")));
        // Up to then nothing of it is seen by the autoencoder.
        QVERIFY(state("late", 4).at("weight.0").equal(state("never", 4).at("weight.0")));
        QVERIFY(!late.at("weight.0").equal(resting.at("weight.0")));
    }

    /// Its own step against one written out here.
    void bothTakeTheirStepsInTurn()
    {
        auto asked = request("turns");
        asked.set.insert(asked.set.end(), { "steps=1", "vqgan.discr_lr=1e-3", "vqgan.grad_penalty_every=0" });
        run_training(asked, {}, {});
        const auto one = state("turns", 1);
        // Adam's first step is the learning rate along the sign of the gradient.
        const auto moment = one.at("discriminator.adam.mean.0") / (1 - 0.9);
        const auto moved = one.at("discriminator.weight.0");
        auto untouched = request("untouched");
        untouched.set.insert(untouched.set.end(), { "steps=1", "vqgan.discr_after=9" });
        run_training(untouched, {}, {});
        const auto before = state("untouched", 1).at("discriminator.weight.0");
        const auto expected = before - 1e-3 * moment / (moment.abs() + 1e-8);
        QVERIFY(moved.allclose(expected, 1e-4, 1e-6));
    }

    void aDecoderDrawsWithWhatWasTrained()
    {
        const auto model = run_training(request("for a decoder"), {}, {}).model;
        TrainRequest asked;
        asked.preset = "tiny";
        asked.data = path("squares.safetensors");
        asked.device = "cpu";
        asked.set = { "steps=2", "batch=8", "dtype=f32",
                      "model.decoder.vaes=" + json({ nullptr, autoencoder() }).dump() };
        asked.run = path("without");
        const auto refusal = errorOf([&] { run_training(asked, {}, {}); });
        QVERIFY2(refusal.contains(QStringLiteral("Stage 2 of the decoder works on the features of a "
                                                 "VQGAN-VAE that was never trained")),
                 qPrintable(refusal));
        asked.run = path("with");
        asked.init = model;
        const auto drawn = load_pipeline(run_training(asked, {}, {}).model);
        const auto autoencoder_weights = state_dict(*load_pipeline(model).vqgan);
        auto decoder = drawn.decoder;
        for (const auto& [name, tensor] : state_dict(*decoder->vae(2)))
            QVERIFY2(tensor.equal(autoencoder_weights.at(name)), name.c_str());

        auto other = asked;
        other.run = path("other shape");
        auto wider = autoencoder();
        wider["dim"] = 32;
        other.set.back() = "model.decoder.vaes=" + json({ nullptr, wider }).dump();
        QVERIFY(errorOf([&] {
                    run_training(other, {}, {});
                }).contains(QStringLiteral("of another shape than those of the decoder's stages")));
    }

    void allTrainsTheAutoencoderBeforeTheStages()
    {
        TrainRequest asked;
        asked.preset = "tiny";
        asked.data = path("squares.safetensors");
        asked.device = "cpu";
        asked.run = path("all");
        asked.set = { "steps=2", "batch=8", "dtype=f32", "model.vqgan=" + autoencoder().dump(),
                      "model.decoder.vaes=" + json({ nullptr, autoencoder() }).dump() };
        std::vector<std::string> parts;
        const auto model
            = run_training(asked,
                           [&](const TrainUpdate& update) {
                               if (update.steps > 0 && (parts.empty() || parts.back() != update.part))
                                   parts.push_back(update.part);
                           },
                           {})
                  .model;
        QCOMPARE(parts, (std::vector<std::string>{ "clip", "prior", "vqgan", "unet1", "unet2" }));
        auto pipeline = load_pipeline(model);
        const auto own = state_dict(*pipeline.vqgan);
        for (const auto& [name, tensor] : state_dict(*pipeline.decoder->vae(2)))
            QVERIFY2(tensor.equal(own.at(name)), name.c_str());
    }

    void whatCantBeIsSaid_data()
    {
        QTest::addColumn<QString>("setting");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("shards") << "vqgan.shards=2"
                                << "shards must be 1";
        QTest::newRow("bf16") << "vqgan.precision=bf16"
                              << "a VQGAN-VAE is trained in f32";
        QTest::newRow("negative") << "vqgan.discr_after=-1"
                                  << "must be at least 0";
        QTest::newRow("no file") << "vqgan.vgg=nowhere.safetensors"
                                 << "nowhere.safetensors";
    }
    void whatCantBeIsSaid()
    {
        QFETCH(QString, setting);
        QFETCH(QString, sentence);
        auto asked = request("refused");
        asked.set.push_back(setting.toStdString());
        const auto refusal = errorOf([&] { run_training(asked, {}, {}); });
        QVERIFY2(refusal.contains(sentence), qPrintable(refusal));
    }
};

QTEST_GUILESS_MAIN(VqganTrainingTest)
#include "tst_vqgan_training.moc"
