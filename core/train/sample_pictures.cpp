// SPDX-License-Identifier: MIT
#include "core/train/sample_pictures.h"

#include "core/base/file.h"
#include "core/base/random_key.h"
#include "core/data/text_ids.h"
#include "core/io/png.h"
#include "core/nn/pixels.h"

#include <torch/torch.h>

#include <array>
#include <cmath>
#include <cstdio>

namespace reverie {

namespace {

/// Row by row, a white line of one pixel between pictures: (1, 3, h, w).
Tensor grid_of(const Tensor& pictures)
{
    const auto count = pictures.size(0);
    const auto columns = std::int64_t(std::ceil(std::sqrt(double(count)))),
               rows = (count + columns - 1) / columns;
    const auto height = pictures.size(2) + 1, width = pictures.size(3) + 1;
    const auto grid
        = torch::ones({ 1, pictures.size(1), rows * height - 1, columns * width - 1 }, pictures.options());
    for (std::int64_t i = 0; i < count; ++i) {
        const auto top = i / columns * height, left = i % columns * width;
        grid[0].slice(1, top, top + height - 1).slice(2, left, left + width - 1).copy_(pictures[i]);
    }
    return grid;
}

} // namespace

Tensor draw_prompts(const Pipeline& pipeline, const std::vector<std::string>& prompts,
                    std::int64_t unet_number, std::uint64_t seed)
{
    const torch::NoGradGuard no_grad;
    const auto device = pipeline.decoder->parameters().front().device();
    const auto& defaults = pipeline.config.sampling;
    std::vector<Tensor> ids;
    std::vector<std::uint64_t> prior_keys, decoder_keys;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        ids.push_back(torch::tensor(text_ids(*pipeline.tokenizer, pipeline.clip->text_frame(), prompts[i],
                                             std::size_t(pipeline.clip->max_text_len()))));
        for (std::int64_t candidate = 0; candidate < defaults.candidates; ++candidate)
            prior_keys.push_back(random_key({ seed, 1, i, std::uint64_t(candidate) }));
        decoder_keys.push_back(random_key({ seed, 2, i }));
    }
    auto prior = pipeline.prior;
    auto decoder = pipeline.decoder;
    auto clip = pipeline.clip;
    const auto text = torch::stack(ids).to(device);
    KeyedNoise prior_noise(prior_keys), decoder_noise(decoder_keys);

    SamplingOptions prior_sampling;
    prior_sampling.cond_scale = defaults.prior_cond_scale;
    prior_sampling.timesteps = defaults.prior_steps;
    prior_sampling.sampler = sampler_from_string(defaults.sampler);
    prior_sampling.eta = defaults.eta;
    DecoderCondition condition;
    condition.image_embed
        = prior->sample(prior->embed_text(text), defaults.candidates, prior_sampling, prior_noise)
              .image_embed;
    if (decoder->reads_text())
        condition.text_encodings = clip->embed_text(text).text_encodings;

    DecoderSampling sampling;
    sampling.cond_scale = defaults.cond_scale;
    sampling.stop_at_unet_number = unet_number;
    for (const auto steps : defaults.steps) {
        auto& stage = sampling.stages.emplace_back();
        stage.timesteps = steps;
        stage.sampler = sampler_from_string(defaults.sampler);
        stage.eta = defaults.eta;
    }
    return decoder->sample(std::int64_t(prompts.size()), condition, sampling, decoder_noise);
}

void write_samples(const std::filesystem::path& folder, const Tensor& pictures,
                   const std::vector<std::string>& prompts, std::uint64_t seed)
{
    const auto images = to_images(pictures);
    for (std::size_t i = 0; i < images.size(); ++i) {
        std::array<char, 32> name{};
        std::snprintf(name.data(), name.size(), "%02zu.png", i);
        write_file(folder / name.data(),
                   encode_png(images[i], { { "prompt", prompts[i] }, { "seed", std::to_string(seed) } }));
    }
    write_file(folder / "grid.png",
               encode_png(to_images(grid_of(pictures))[0], { { "seed", std::to_string(seed) } }));
}

} // namespace reverie
