// SPDX-License-Identifier: MIT
#include "core/api/benchmark_work.h"

#include "core/models/dalle2.h"
#include "core/models/x_clip.h"
#include "core/train/decoder_trainer.h"
#include "core/train/optimizer.h"
#include "core/train/prior_trainer.h"

#include <torch/torch.h>

#include <chrono>
#include <numeric>

namespace reverie {

namespace {

using Work = std::function<void()>;

KeyedNoise noise_for(std::int64_t samples)
{
    std::vector<std::uint64_t> keys(static_cast<std::size_t>(samples));
    std::iota(keys.begin(), keys.end(), 0);
    return KeyedNoise(keys);
}

Tensor unit_rows(at::IntArrayRef shape, at::Device device)
{
    return torch::nn::functional::normalize(torch::randn(shape),
                                            torch::nn::functional::NormalizeFuncOptions().dim(-1))
        .to(device);
}

/// Waits until the device has computed it.
void await(const Tensor& result)
{
    result.flatten()[0].item<float>();
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

Decoder decoder_of(std::vector<std::int64_t> image_sizes, std::int64_t timesteps,
                   const std::vector<UnetOptions>& unets, std::shared_ptr<Clip> clip = nullptr)
{
    DecoderOptions options;
    options.image_sizes = std::move(image_sizes);
    options.timesteps = timesteps;
    return Decoder(options, unets, std::move(clip));
}

/// Loss, gradients and an Adam step of one U-Net at 32 pixels, batch 8.
Work decoder_train_step(at::Device device)
{
    auto decoder = decoder_of({ 32 }, 1000, { unet(32, 256) });
    decoder->to(device);
    DecoderTrainerOptions options;
    options.wd = 0.;
    options.max_grad_norm.reset();
    options.use_ema = false;
    const auto trainer = std::make_shared<DecoderTrainer>(decoder, options);
    trainer->train();
    const auto images = torch::rand({ 8, 3, 32, 32 }).to(device), embeds = unit_rows({ 8, 256 }, device);
    return [=] {
        auto noise = noise_for(8);
        trainer->forward(images, 1, { embeds, {} }, noise);
        trainer->update(1);
    };
}

/// One guided pass of that U-Net, batch 4.
Work decoder_guided_step(at::Device device)
{
    auto decoder = decoder_of({ 32 }, 1000, { unet(32, 256) });
    decoder->to(device);
    decoder->eval();
    const auto x = torch::randn({ 4, 3, 32, 32 }).to(device),
               t = torch::full({ 4 }, 500, torch::kLong).to(device);
    UnetCondition condition;
    condition.image_embed = unit_rows({ 4, 256 }, device);
    return [=]() mutable {
        const torch::NoGradGuard no_grad;
        auto network = decoder->unet(1);
        await(network->forward_with_cond_scale(x, t, condition, 2));
    };
}

PriorNetworkOptions prior_options()
{
    PriorNetworkOptions options;
    options.dim = 256;
    options.max_text_len = 77;
    return options;
}

/// Loss, gradients and an Adam step of the prior over 77 text encodings, batch 8.
Work prior_train_step(at::Device device)
{
    DiffusionPrior prior(DiffusionPriorOptions{}, PriorNetwork(prior_options()));
    prior->to(device);
    DiffusionPriorTrainerOptions options;
    options.use_ema = false;
    const auto trainer = std::make_shared<DiffusionPriorTrainer>(prior, options);
    trainer->train();
    const auto embeds = unit_rows({ 8, 256 }, device);
    const TextCondition text{ unit_rows({ 8, 256 }, device), torch::randn({ 8, 77, 256 }).to(device) };
    return [=] {
        auto noise = noise_for(8);
        trainer->forward(embeds, text, noise);
        trainer->update();
    };
}

/// One guided pass of the prior's network, batch 4.
Work prior_guided_step(at::Device device)
{
    PriorNetwork network(prior_options());
    network->to(device);
    network->eval();
    const auto x = torch::randn({ 4, 256 }).to(device), t = torch::full({ 4 }, 500, torch::kLong).to(device);
    const TextCondition text{ unit_rows({ 4, 256 }, device), torch::randn({ 4, 77, 256 }).to(device) };
    return [=]() mutable {
        const torch::NoGradGuard no_grad;
        await(network->forward_with_cond_scale(x, t, text, {}, 2));
    };
}

/// Loss, gradients and an Adam step of CLIP at 64 pixels, batch 16.
Work clip_train_step(at::Device device)
{
    XClip clip(clip_options());
    clip->to(device);
    PartOptions options;
    options.wd = 0;
    options.max_grad_norm = 0;
    const auto optimizer = std::make_shared<Optimizer>(clip->parameters(), options);
    const auto text = torch::randint(1, 10000, { 16, 64 }).to(device),
               images = torch::rand({ 16, 3, 64, 64 }).to(device);
    return [=]() mutable {
        auto noise = noise_for(16);
        const auto loss = clip->loss(text, images, noise);
        loss.backward();
        optimizer->step(1e-4);
        await(loss);
    };
}

/// Tokens to pictures of 16, then 32 pixels, 25 steps each, batch 2, two candidates, guided.
Work dalle2_cascade_sample(at::Device device)
{
    XClip clip(clip_options());
    PriorNetworkOptions network;
    network.dim = 128;
    network.depth = 4;
    network.heads = 4;
    network.dim_head = 32;
    network.max_text_len = 64;
    DiffusionPriorOptions options;
    options.timesteps = 25;
    DiffusionPrior prior(options, PriorNetwork(network), clip.ptr());
    auto decoder = decoder_of({ 16, 32 }, 25, { unet(32, 128), unet(16, 128) }, clip.ptr());
    for (torch::nn::Module* part : std::initializer_list<torch::nn::Module*>{ &*clip, &*prior, &*decoder })
        part->to(device);
    const auto dalle2
        = std::make_shared<Dalle2>(clip.ptr(), prior, decoder, Tokenizer::train({ "a cat" }, 514));
    const auto text = torch::randint(1, 10000, { 2, 64 }).to(device);
    return [=] {
        Dalle2Sampling sampling;
        sampling.decoder.cond_scale = 2;
        await(dalle2->sample(text, sampling));
    };
}

} // namespace

double ReferenceTime::at_rate(double gflops, int threads) const
{
    constexpr double rate_of_one = 103, rate_of_two = 189; // GFLOP/s of the machine it was timed on
    return threads == 1 ? one_thread * rate_of_one / gflops : two_threads * rate_of_two / gflops;
}

std::vector<BenchmarkWork> benchmark_work()
{
    return { { "decoder_train_step", { 0.52345, 0.47079 }, decoder_train_step },
             { "decoder_guided_step", { 0.18008, 0.19318 }, decoder_guided_step },
             { "prior_train_step", {}, prior_train_step },
             { "prior_guided_step", { 0.16432, 0.14307 }, prior_guided_step },
             { "clip_train_step", { 0.31597, 0.31068 }, clip_train_step },
             { "dalle2_cascade_sample", { 3.1502, 3.76933 }, dalle2_cascade_sample } };
}

double product_rate(c10::Device device)
{
    constexpr std::int64_t side = 1024;
    constexpr int products = 3;
    const torch::NoGradGuard no_grad;
    const auto a = torch::rand({ side, side }).to(device), b = torch::rand({ side, side }).to(device);
    await(a);
    const auto begin = std::chrono::steady_clock::now();
    Tensor product;
    for (int i = 0; i < products; ++i)
        product = a.matmul(b);
    await(product);
    return 2e-9 * side * side * side * products
        / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace reverie
