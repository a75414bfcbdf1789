// SPDX-License-Identifier: MIT
#include "core/api/run_planning.h"
#include "core/base/file.h"
#include "core/io/pipeline.h"
#include "core/run/metrics.h"
#include "core/run/run_status.h"
#include "core/train/memory_peak.h"
#include "core/train/part_need.h"
#include "core/train/run_disk.h"
#include "core/train/run_limits.h"
#include "core/train/run_remedy.h"
#include "core/train/run_training.h"
#include "core/train/training_facts.h"
#include "core/train/training_plan.h"
#include "tests/base/error_of.h"
#include "tests/train/squares.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>

using namespace reverie;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

std::uintmax_t folder_bytes(const fs::path& folder)
{
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
            bytes += entry.file_size();
    return bytes;
}

const RunPreview::Part& part_of(const RunPreview& preview, const std::string& name)
{
    for (const auto& part : preview.parts)
        if (part.part == name)
            return part;
    throw Error("no such part");
}

/// Large enough to stand out from the process that trains it.
json wide_model()
{
    return json::parse(R"({
        "clip": { "dim_text": 64, "dim_image": 64, "dim_latent": 64, "text_seq_len": 16, "text_enc_depth": 1,
                  "text_heads": 2, "text_dim_head": 32, "visual_enc_depth": 1, "visual_heads": 2,
                  "visual_dim_head": 32, "visual_image_size": 16, "visual_patch_size": 8,
                  "text_encode_without_mask": true },
        "decoder": { "image_sizes": [32], "timesteps": 20, "learned_variance": false,
                     "unets": [ { "dim": 64, "image_embed_dim": 64, "cond_dim": 64, "dim_mults": [1, 2, 3],
                                  "num_resnet_blocks": 1, "attn_heads": 4, "attn_dim_head": 32,
                                  "max_text_len": 1, "init_cross_embed_kernel_sizes": [3, 7] } ] },
        "sampling": { "steps": [2], "sampler": "ddim" } })");
}

} // namespace

class RunPreviewTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const std::string& name) const { return fs::path(m_folder.path().toStdString()) / name; }

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

    /// The largest memory a process of `dream` came to, in bytes, and the median of its samples a second.
    std::pair<double, double> trained_apart(const QStringList& arguments, const fs::path& run) const
    {
        QProcess process;
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("OMP_WAIT_POLICY"), QStringLiteral("passive"));
        process.setProcessEnvironment(environment);
        process.start(QStringLiteral(DREAM_PROGRAM), arguments);
        double peak = 0;
        while (!process.waitForFinished(20)) {
            std::ifstream status("/proc/" + std::to_string(process.processId()) + "/status");
            for (std::string line; std::getline(status, line);)
                if (line.starts_with("VmHWM:"))
                    peak = std::max(peak, std::stod(line.substr(6)) * 1024);
        }
        if (process.exitCode() != 0)
            throw Error(process.readAllStandardError().toStdString());
        std::vector<double> rates;
        for (const auto& line : current_metrics(run))
            if (line.split == "train" && line.part == "unet1")
                rates.push_back(line.numbers.at("samples_per_s"));
        std::sort(rates.begin(), rates.end());
        return { peak, rates.at(rates.size() / 2) };
    }

private Q_SLOTS:
    void initTestCase()
    {
        // A preset "tiny" nearer than the one that ships, which takes minutes.
        fs::create_directories(path("data/reverie/presets"));
        fs::copy_file(REVERIE_TEST_DATA "/train/smallest.json", path("data/reverie/presets/tiny.json"));
        qputenv("XDG_DATA_HOME", path("data").c_str());
        writeSquares(path("squares.safetensors"));
    }

    void aPreviewIsOfWhatTheRunThenIs()
    {
        const auto asked = request("whole");
        const auto preview = preview_training(asked, {});
        QVERIFY(!fs::exists(asked.run)); // nothing is written
        QVERIFY2(preview.fits, preview.verdict.c_str());
        QVERIFY(preview.suggestion.empty());
        QCOMPARE(QString::fromStdString(preview.device), QStringLiteral("cpu"));
        QVERIFY(preview.available_bytes > 0 && preview.free_disk_bytes > 0);

        const auto begin = std::chrono::steady_clock::now();
        run_training(asked, {}, {});
        const double seconds
            = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        std::printf("foreseen %.1f s, taken %.1f s\n", preview.seconds, seconds);
        QVERIFY(preview.seconds < 10 * seconds && seconds < 10 * preview.seconds);
        std::vector<std::string> parts;
        for (const auto& line : current_metrics(asked.run))
            if (line.split == "facts") {
                parts.push_back(line.part);
                const auto& part = part_of(preview, line.part);
                QCOMPARE(double(part.parameters), line.numbers.at("parameters"));
                QCOMPARE(double(part.batch), line.numbers.at("batch"));
                QCOMPARE(part.steps, 6);
                QVERIFY(part.tried && part.step_seconds > 0 && part.seconds >= 6 * part.step_seconds);
            }
        QCOMPARE(preview.parts.size(), parts.size());
        std::uint64_t taken = 0; // and kept
        for (const auto& part : preview.parts) {
            QVERIFY(part.memory_bytes >= taken);
            taken = part.memory_bytes;
        }
        QCOMPARE(preview.memory_bytes, taken);
    }

    void ofARunThatGoesOnOnlyTheRestCounts()
    {
        auto asked = request("rest");
        std::stop_source stop;
        run_training(
            asked,
            [&](const TrainUpdate& update) {
                if (update.part == "prior" && update.step == 2)
                    stop.request_stop();
            },
            stop.get_token());
        TrainRequest on;
        on.run = asked.run;
        on.resume = true;
        const auto preview = preview_training(on, {});
        QCOMPARE(preview.parts.size(), std::size_t(3)); // CLIP is trained
        QCOMPARE(part_of(preview, "prior").steps, 4);
        QCOMPARE(part_of(preview, "unet1").steps, 6);
        on.set = { "prior.steps=10" };
        QCOMPARE(part_of(preview_training(on, {}), "prior").steps, 8);

        auto recorded = json::parse(read_file(asked.run / "run.json"));
        recorded["ranks"] = 4;
        write_file(asked.run / "run.json", recorded.dump());
        on.set.clear();
        std::stop_source counting; // and trying nothing
        counting.request_stop();
        const auto of_four = part_of(preview_training(on, counting.get_token()), "unet1");
        on.rank.ranks = on.rank.local_ranks = 4;
        const auto on_four = part_of(preview_training(on, counting.get_token()), "unet1");
        QCOMPARE(of_four.batch, 32); // of a step
        QCOMPARE(on_four.batch, 32);
        std::printf("a step of four ranks: %.4f s on one, %.4f s on four\n", of_four.step_seconds,
                    on_four.step_seconds);
        QVERIFY(of_four.step_seconds > 1.5 * on_four.step_seconds);
    }

    void aPreviewIsOfAllProcesses()
    {
        auto asked = request("ranks");
        std::stop_source counting; // and trying nothing
        counting.request_stop();
        const auto alone = preview_training(asked, counting.get_token());
        asked.rank.ranks = asked.rank.local_ranks = 4;
        const auto together = preview_training(asked, counting.get_token());
        QCOMPARE(part_of(together, "unet1").batch, 4 * part_of(alone, "unet1").batch);
        QCOMPARE(together.memory_bytes, alone.memory_bytes); // of each, and each has a quarter
        QVERIFY(together.available_bytes < alone.available_bytes / 2);
        QVERIFY2(together.verdict.find("for each process") != std::string::npos, together.verdict.c_str());

        QProcess dream;
        dream.start(QStringLiteral(DREAM_PROGRAM),
                    { QStringLiteral("train"), QStringLiteral("vqgan"), QStringLiteral("--preset"),
                      QStringLiteral("latent"), QStringLiteral("--data"), QStringLiteral("shapes:64"),
                      QStringLiteral("--set"), QStringLiteral("vqgan.max_batch_size=2"),
                      QStringLiteral("--gpus"), QStringLiteral("2"), QStringLiteral("--dry-run") });
        QVERIFY(dream.waitForFinished(60000));
        const auto said = dream.readAllStandardError();
        QVERIFY2(dream.exitCode() == 2 && said.contains("whole batches"), said.constData());
    }

    void drawingEmbeddingsTakesItsTime()
    {
        const auto seconds = [this](const std::string& steps) {
            auto asked = request("drawing");
            asked.what = "prior";
            asked.set.push_back("model.sampling.prior_steps=" + steps);
            asked.set.emplace_back("model.prior.timesteps=1000");
            return part_of(preview_training(asked, {}), "prior").seconds;
        };
        const double few = seconds("4"), many = seconds("800");
        std::printf("the prior draws for an evaluation: 4 steps %.2f s, 800 steps %.2f s\n", few, many);
        QVERIFY(many > few + 0.2);
    }

    void aStoppedPreviewSaysWhatCanBeCounted()
    {
        std::stop_source stop;
        stop.request_stop();
        const auto preview = preview_training(request("counted"), stop.get_token());
        QCOMPARE(preview.parts.size(), std::size_t(4));
        for (const auto& part : preview.parts)
            QVERIFY(!part.tried && part.memory_bytes > 0 && part.parameters > 0 && part.seconds > 0);
    }

    void memoryAndSpeedAreForeseen()
    {
        write_file(path("wide.json"), json{ { "model", wide_model() } }.dump());
        const auto spec = path("squares.safetensors").string();
        const QStringList settings{ QStringLiteral("steps=8"), QStringLiteral("report_every=2"),
                                    QStringLiteral("decoder.batch=16"), QStringLiteral("clip.batch=8") };
        QStringList arguments{ QStringLiteral("train"), QStringLiteral("--data"),
                               QString::fromStdString("shapes:64"), QStringLiteral("--config"),
                               QString::fromStdString(path("wide.json").string()) };
        TrainRequest asked;
        asked.data = "shapes:64";
        asked.config = path("wide.json");
        for (const auto& setting : settings) {
            arguments << QStringLiteral("--set") << setting;
            asked.set.push_back(setting.toStdString());
        }
        QProcess dry;
        dry.start(QStringLiteral(DREAM_PROGRAM),
                  arguments + QStringList{ QStringLiteral("--dry-run"), QStringLiteral("--json") });
        QVERIFY(dry.waitForFinished(120000));
        QCOMPARE(dry.exitCode(), 0);
        const auto preview = json::parse(dry.readAllStandardOutput().toStdString());
        const auto [peak, rate] = trained_apart(
            arguments + QStringList{ QStringLiteral("--run"), QString::fromStdString(path("wide").string()) },
            path("wide"));
        const auto& unet = preview["parts"].back();
        const double foreseen = unet["memory_bytes"], step = unet["step_seconds"];
        std::printf("memory: foreseen %.0f MiB, taken %.0f MiB, %+.1f %%; a step: foreseen %.3f s, taken "
                    "%.3f s, %+.1f %%\n",
                    foreseen / 0x1p20, peak / 0x1p20, 100 * (foreseen / peak - 1), step, 16 / rate,
                    100 * (step * rate / 16 - 1));
        std::fflush(stdout);
        QVERIFY(std::abs(foreseen / peak - 1) < 0.2);
        QVERIFY(step < 160 / rate && step > 1.6 / rate);
    }

    void theDiskIsForeseen()
    {
        auto asked = request("disk");
        const auto config = resolve_config(asked);
        run_training(asked, {}, {});
        const auto checkpoint = folder_bytes(checkpoint_folder(asked.run, "unet2", 6));
        const auto counted = checkpoint_bytes(config, "unet2", 16);
        std::printf("a checkpoint: foreseen %.0f, taken %.0f bytes\n", counted, double(checkpoint));
        QVERIFY(std::abs(counted / double(checkpoint) - 1) < 0.15); // names and buffers beside the weights
        const auto all = disk_bytes(config, { "clip", "prior", "unet1", "unet2" }, 16);
        QVERIFY(double(folder_bytes(asked.run)) < all);
    }

    void whatDoesNotFitIsMadeFit_data()
    {
        QTest::addColumn<QString>("part");
        QTest::addColumn<double>("share");
        QTest::addColumn<QString>("first");
        QTest::newRow("a little") << "unet1" << 0.8 << "unet1.max_batch_size=16";
        QTest::newRow("a lot") << "unet1" << 0.4 << "unet1.max_batch_size=";
        QTest::newRow("clip") << "clip" << 0.6 << "clip."; // every row is embedded, 256 at a time
        QTest::newRow("enough") << "unet1" << 1.1 << "";
        QTest::newRow("never") << "unet1" << 0.001 << "";
    }
    void whatDoesNotFitIsMadeFit()
    {
        QFETCH(QString, part);
        QFETCH(double, share);
        QFETCH(QString, first);
        write_file(path("wide.json"), json{ { "model", wide_model() } }.dump());
        TrainRequest asked;
        asked.data = "shapes";
        asked.config = path("wide.json");
        asked.set = { "decoder.batch=32", "clip.batch=512" };
        const auto name = part.toStdString();
        const auto peak = [name](const TrainingConfig& config) { return need_of(config, name).peak_bytes(); };
        const auto config = resolve_config(asked);
        const double bytes = share * peak(config);
        const auto settings = remedy(config, name, bytes, at::kCPU, peak);
        QCOMPARE(settings.empty(), first.isEmpty());
        if (first.isEmpty())
            return;
        QVERIFY2(settings.front().starts_with(first.toStdString()), settings.front().c_str());
        asked.set.insert(asked.set.end(), settings.begin(), settings.end());
        QVERIFY(peak(resolve_config(asked)) <= bytes);
    }

    void whatNoMachineHoldsIsRefusedAtOnce()
    {
        auto model = wide_model();
        model["decoder"]["unets"][0]["dim"] = 40000;
        write_file(path("giant.json"), json{ { "model", model } }.dump());
        TrainRequest asked;
        asked.data = "shapes:64";
        asked.config = path("giant.json");
        asked.run = path("giant");
        const auto preview = preview_training(asked, {});
        QVERIFY(!preview.fits && preview.suggestion.empty());
        QVERIFY2(preview.verdict.find("no setting makes it fit") != std::string::npos,
                 preview.verdict.c_str());
        const auto refusal = errorOf([&] { run_training(asked, {}, {}); });
        QVERIFY2(refusal.contains(QStringLiteral("weights and their optimiser, and there are")),
                 qPrintable(refusal));
        QVERIFY(!fs::exists(asked.run));
        QProcess dry;
        dry.start(QStringLiteral(DREAM_PROGRAM),
                  { QStringLiteral("train"), QStringLiteral("--dry-run"), QStringLiteral("--config"),
                    QString::fromStdString(path("giant.json").string()), QStringLiteral("--data"),
                    QString::fromStdString(asked.data) });
        QVERIFY(dry.waitForFinished(60000));
        QCOMPARE(dry.exitCode(), 1);
        QVERIFY(dry.readAllStandardOutput().contains("no setting makes it fit"));
    }

    void presetsForPhotographsFitTheirClass_data()
    {
        QTest::addColumn<QString>("preset");
        QTest::addColumn<double>("gigabytes");
        for (const int gigabytes : { 8, 12, 16, 24, 48, 80 })
            QTest::addRow("%d GB", gigabytes)
                << QStringLiteral("photos-%1gb").arg(gigabytes) << double(gigabytes);
        QTest::newRow("processor") << QStringLiteral("photos-cpu") << 8.;
    }
    void presetsForPhotographsFitTheirClass()
    {
        QFETCH(QString, preset);
        QFETCH(double, gigabytes);
        TrainRequest asked;
        asked.preset = preset.toStdString();
        asked.data = "shapes";
        const auto config = resolve_config(asked);
        QVERIFY(!config.title.empty() && !config.description.empty());
        const auto parts = parts_to_train(asked, config);
        QVERIFY(parts.size() >= 4);
        constexpr double context = 0.6e9, rows = 20000; // of the driver; photographs
        const auto& clip = std::get<XClipOptions>(*config.model.clip);
        const double tables = rows * 4 * double(2 * clip.dim_latent + clip.text_seq_len * clip.dim_text);
        double largest = 0;
        for (const auto& part : parts) {
            const auto need = need_of(config, part);
            const double bytes
                = context + tables + weight_bytes(config) - 4. * double(need.parameters) + need.peak_bytes();
            std::printf("%s %s: %.1f million, %.2f GB\n", qPrintable(preset), part.c_str(),
                        double(need.parameters) / 1e6, bytes / 1e9);
            largest = std::max(largest, bytes);
        }
        std::fflush(stdout);
        QVERIFY2(largest < 0.92 * gigabytes * 1e9, qPrintable(QString::number(largest / 1e9)));
    }

    void theDeviceIsWatchedWhileTraining()
    {
        auto asked = request("figures");
        run_training(asked, {}, {});
        double busiest = 0;
        for (const auto& line : current_metrics(asked.run))
            if (line.split == "train") {
                const auto share = line.numbers.at("cpu_util");
                QVERIFY(share >= 0 && share <= 100);
                busiest = std::max(busiest, share);
                QVERIFY(line.numbers.at("memory_bytes") > 1e7);
                QVERIFY(!line.numbers.contains("gpu_util"));
            }
        QVERIFY(busiest > 5);
    }

    void aPeakIsWhatWasTaken()
    {
        const MemoryPeak peak(at::kCPU);
        {
            const auto block = torch::ones({ 32 << 20 }); // 128 MiB
            QVERIFY(block[5].item<float>() == 1);
        }
        if (!peak.bytes())
            QSKIP("the system does not let peaks be counted anew");
        QVERIFY(std::abs(*peak.bytes() / 0x1p27 - 1) < 0.1);
    }
};

QTEST_GUILESS_MAIN(RunPreviewTest)
#include "tst_run_preview.moc"
