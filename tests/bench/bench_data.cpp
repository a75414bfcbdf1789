// SPDX-License-Identifier: MIT
// Whether pictures are decoded fast enough. Threads: OMP_NUM_THREADS, or all cores.
#include "core/base/random_key.h"
#include "core/data/loader.h"
#include "core/data/shapes.h"
#include "core/io/dataset_file.h"
#include "core/io/pipeline.h"
#include "core/train/decoder_trainer.h"
#include "tests/bench/in_turns.h"

#include <QImage>
#include <QTemporaryDir>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace reverie;

namespace {

/// A folder of JPEGs of 256 pixels a side, as busy as photographs are, with captions beside them.
const std::string& jpegs()
{
    static const QTemporaryDir folder;
    static const std::string path = [] {
        for (std::uint64_t i = 0; i < 500; ++i) {
            auto scene = draw_scene(shape_scene(i), 256);
            for (std::size_t k = 0; k < scene.rgb.size(); ++k)
                scene.rgb[k] = std::uint8_t(scene.rgb[k] * 7 / 8 + random_key({ i, k / 24 }) % 32);
            const QImage picture(scene.rgb.data(), 256, 256, 256 * 3, QImage::Format_RGB888);
            const auto name = folder.filePath(QString::number(i));
            picture.save(name + QStringLiteral(".jpg"), "JPG", 90);
            std::ofstream((name + QStringLiteral(".txt")).toStdString()) << shape_scene(i).caption;
        }
        return folder.path().toStdString();
    }();
    return path;
}

LoaderOptions batches_of(std::int64_t batch)
{
    LoaderOptions options;
    options.batch = batch;
    return options;
}

DecoderTrainerOptions plain_adam()
{
    DecoderTrainerOptions options;
    options.wd = 0.;
    options.max_grad_norm.reset();
    options.use_ema = false;
    return options;
}

Tensor unit_rows(at::IntArrayRef shape)
{
    return torch::nn::functional::normalize(torch::randn(shape),
                                            torch::nn::functional::NormalizeFuncOptions().dim(-1));
}

KeyedNoise noise_for(std::int64_t samples)
{
    std::vector<std::uint64_t> keys(static_cast<std::size_t>(samples));
    for (std::size_t i = 0; i < keys.size(); ++i)
        keys[i] = i;
    return KeyedNoise(keys);
}

/// Decoding, loss, gradients and an Adam step of one U-Net at 32 pixels, batch 8.
void decoder_train_step_from_jpegs(benchmark::State& state)
{
    UnetOptions unet;
    unet.dim = 32;
    unet.image_embed_dim = 256;
    unet.cond_dim = 64;
    unet.dim_mults = { 1, 2, 4 };
    DecoderOptions options;
    options.image_sizes = { 32 };
    options.timesteps = 1000;
    Decoder decoder(options, std::vector{ unet });
    DecoderTrainer trainer(decoder, plain_adam());
    trainer.train();
    const auto dataset = open_dataset(jpegs(), 32, {});
    Loader loader(*dataset, batches_of(8));
    auto noise = noise_for(8);
    in_turns(state, { 0.52345, 0.47079 }, [&] {
        const auto pictures = loader.next().pictures.to(torch::kFloat) / 255;
        trainer.forward(pictures, 1, { unit_rows({ 8, 256 }), {} }, noise);
        trainer.update(1);
    });
}

/// Pictures a second that the first stage of the emoji model, the faster one, is trained on.
void emoji_unet_train_step(benchmark::State& state)
{
    std::ifstream file(std::string(REVERIE_RESOURCES) + "/presets/emoji.json");
    const auto preset = nlohmann::json::parse(file);
    const auto pipeline = build_pipeline(pipeline_config_from_json(preset["model"]));
    const auto batch = preset["decoder"]["batch"].get<std::int64_t>();
    DecoderTrainer trainer(pipeline.decoder, plain_adam());
    trainer.train();
    const auto pictures = torch::rand({ batch, 3, 64, 64 });
    const DecoderCondition condition{ unit_rows({ batch, pipeline.clip->dim_latent() }), {} };
    auto noise = noise_for(batch);
    for (auto _ : state) {
        trainer.forward(pictures, 1, condition, noise);
        trainer.update(1);
    }
    state.counters["pictures"]
        = benchmark::Counter(double(batch * std::int64_t(state.iterations())), benchmark::Counter::kIsRate);
}

/// Pictures a second that come from a folder of JPEGs of 256 pixels, at the emoji model's size.
void jpeg_folder(benchmark::State& state)
{
    const auto dataset = open_dataset(jpegs(), 64, {});
    Loader loader(*dataset, batches_of(64));
    for (auto _ : state)
        benchmark::DoNotOptimize(loader.next());
    state.counters["pictures"]
        = benchmark::Counter(double(64 * state.iterations()), benchmark::Counter::kIsRate);
}

BENCHMARK(decoder_train_step_from_jpegs)->Apply(median_of_nine);
BENCHMARK(emoji_unet_train_step)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(2)
    ->Repetitions(9)
    ->ReportAggregatesOnly();
BENCHMARK(jpeg_folder)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(20)
    ->Repetitions(9)
    ->ReportAggregatesOnly();

} // namespace
