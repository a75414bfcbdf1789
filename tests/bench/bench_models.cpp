// SPDX-License-Identifier: MIT
// Five pieces of work with random weights, beside what the reference needs for them. Threads:
// OMP_NUM_THREADS, or all cores.
#include "core/api/library.h"
#include "core/models/dalle2.h"
#include "core/models/x_clip.h"
#include "core/train/decoder_trainer.h"
#include "core/train/optimizer.h"
#include "tests/bench/in_turns.h"

#include <torch/torch.h>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <thread>

using namespace reverie;

namespace {

KeyedNoise noise_for(std::int64_t samples)
{
    std::vector<std::uint64_t> keys(static_cast<std::size_t>(samples));
    for (std::size_t i = 0; i < keys.size(); ++i)
        keys[i] = i;
    return KeyedNoise(keys);
}

Tensor unit_rows(at::IntArrayRef shape)
{
    return torch::nn::functional::normalize(torch::randn(shape),
                                            torch::nn::functional::NormalizeFuncOptions().dim(-1));
}

UnetOptions unet(std::int64_t dim, std::int64_t image_embed_dim)
{
    UnetOptions options;
    options.dim = dim;
    options.image_embed_dim = image_embed_dim;
    options.cond_dim = 64;
    options.dim_mults = { 1, 2, 4 };
    return options;
}

XClipOptions clip_options()
{
    XClipOptions options;
    options.dim_text = options.dim_image = options.dim_latent = 128;
    options.text_enc_depth = options.visual_enc_depth = 4;
    options.text_seq_len = 64;
    options.text_heads = options.visual_heads = 4;
    options.visual_image_size = 64;
    options.visual_patch_size = 8;
    return options;
}

DecoderOptions decoder_options(std::vector<std::int64_t> image_sizes, std::int64_t timesteps)
{
    DecoderOptions options;
    options.image_sizes = std::move(image_sizes);
    options.timesteps = timesteps;
    return options;
}

/// Loss, gradients and an Adam step of one U-Net at 32 pixels, batch 8.
void decoder_train_step(benchmark::State& state)
{
    Decoder decoder(decoder_options({ 32 }, 1000), std::vector{ unet(32, 256) });
    DecoderTrainerOptions options;
    options.wd = 0.;
    options.max_grad_norm.reset();
    options.use_ema = false;
    DecoderTrainer trainer(decoder, options);
    trainer.train();
    const auto images = torch::rand({ 8, 3, 32, 32 });
    const DecoderCondition condition{ unit_rows({ 8, 256 }), {} };
    auto noise = noise_for(8);
    in_turns(state, { 0.52345, 0.47079 }, [&] {
        trainer.forward(images, 1, condition, noise);
        trainer.update(1);
    });
}

/// One guided pass of that U-Net, batch 4.
void decoder_guided_step(benchmark::State& state)
{
    torch::NoGradGuard no_grad;
    Decoder decoder(decoder_options({ 32 }, 1000), std::vector{ unet(32, 256) });
    decoder->eval();
    const auto x = torch::randn({ 4, 3, 32, 32 }), t = torch::full({ 4 }, 500, torch::kLong);
    UnetCondition condition;
    condition.image_embed = unit_rows({ 4, 256 });
    auto network = decoder->unet(1);
    in_turns(state, { 0.18008, 0.19318 },
             [&] { benchmark::DoNotOptimize(network->forward_with_cond_scale(x, t, condition, 2)); });
}

/// One guided pass of the prior's network over 77 text encodings, batch 4.
void prior_guided_step(benchmark::State& state)
{
    torch::NoGradGuard no_grad;
    PriorNetworkOptions options;
    options.dim = 256;
    options.max_text_len = 77;
    PriorNetwork network(options);
    network->eval();
    const auto x = torch::randn({ 4, 256 }), t = torch::full({ 4 }, 500, torch::kLong);
    const TextCondition text{ unit_rows({ 4, 256 }), torch::randn({ 4, 77, 256 }) };
    in_turns(state, { 0.16432, 0.14307 },
             [&] { benchmark::DoNotOptimize(network->forward_with_cond_scale(x, t, text, {}, 2)); });
}

/// Loss, gradients and an Adam step of CLIP at 64 pixels, batch 16.
void clip_train_step(benchmark::State& state)
{
    XClip clip(clip_options());
    PartOptions options;
    options.wd = 0;
    options.max_grad_norm = 0;
    Optimizer optimizer(clip->parameters(), options);
    const auto text = torch::randint(1, 10000, { 16, 64 });
    const auto images = torch::rand({ 16, 3, 64, 64 });
    auto noise = noise_for(16);
    in_turns(state, { 0.31597, 0.31068 }, [&] {
        clip->loss(text, images, noise).backward();
        optimizer.step(1e-4);
    });
}

/// Tokens to pictures of 16, then 32 pixels, 25 steps each, batch 2, two candidates, guided.
void dalle2_cascade_sample(benchmark::State& state)
{
    XClip clip(clip_options());
    PriorNetworkOptions network;
    network.dim = 128;
    network.depth = 4;
    network.heads = 4;
    network.dim_head = 32;
    network.max_text_len = 64;
    DiffusionPriorOptions prior_options;
    prior_options.timesteps = 25;
    DiffusionPrior prior(prior_options, PriorNetwork(network), clip.ptr());
    Decoder decoder(decoder_options({ 16, 32 }, 25), std::vector{ unet(32, 128), unet(16, 128) }, clip.ptr());
    Dalle2 dalle2(clip.ptr(), prior, decoder, Tokenizer::train({ "a cat" }, 514));
    Dalle2Sampling sampling;
    sampling.decoder.cond_scale = 2;
    const auto text = torch::randint(1, 10000, { 2, 64 });
    in_turns(state, { 3.1502, 3.76933 }, [&] { benchmark::DoNotOptimize(dalle2.sample(text, sampling)); });
}

BENCHMARK(decoder_train_step)->Apply(median_of_nine);
BENCHMARK(decoder_guided_step)->Apply(median_of_nine);
BENCHMARK(prior_guided_step)->Apply(median_of_nine);
BENCHMARK(clip_train_step)->Apply(median_of_nine);
BENCHMARK(dalle2_cascade_sample)->Apply(median_of_nine);

} // namespace

int main(int argc, char** argv)
{
    prepare_process();
    const auto* const threads = std::getenv("OMP_NUM_THREADS");
    at::set_num_threads(threads ? std::atoi(threads) : int(std::thread::hardware_concurrency()));
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
