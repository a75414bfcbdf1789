// SPDX-License-Identifier: MIT
#include "core/models/dalle2.h"

#include "core/base/random_key.h"
#include "core/data/text_ids.h"

#include <torch/torch.h>

namespace reverie {

Tensor sample_dalle2(DiffusionPriorImpl& prior, DecoderImpl& decoder, Clip& clip, const Tensor& text,
                     const Dalle2Sampling& sampling, const Dalle2Noise& noise)
{
    torch::NoGradGuard no_grad;
    const auto embeds = prior.sample_text(text, sampling.prior_num_samples, sampling.prior, noise.prior(),
                                          sampling.on_prior_step, sampling.decoder.stop);
    if (sampling.decoder.stop.stop_requested())
        return {};
    if (sampling.on_prior)
        sampling.on_prior(embeds);
    DecoderCondition condition{ embeds.image_embed, {} };
    if (decoder.reads_text()) {
        const auto embedded = clip.embed_text(text);
        condition.text_encodings = embedded.text_encodings;
        condition.text_embed = embedded.text_embed;
    }
    return decoder.sample(text.size(0), condition, sampling.decoder, noise.decoder);
}

std::unique_ptr<Noise> picture_noise(std::uint64_t seed, std::int64_t stage, std::int64_t first,
                                     std::int64_t pictures, std::int64_t candidates)
{
    std::vector<std::uint64_t> keys;
    for (auto picture = first; picture < first + pictures; ++picture)
        for (std::int64_t candidate = 0; candidate < candidates; ++candidate)
            keys.push_back(
                random_key({ seed + static_cast<std::uint64_t>(picture), static_cast<std::uint64_t>(stage),
                             static_cast<std::uint64_t>(candidate) }));
    return std::make_unique<KeyedNoise>(keys);
}

Dalle2::Dalle2(std::shared_ptr<Clip> clip, DiffusionPrior prior, Decoder decoder, Tokenizer tokenizer)
    : clip_(std::move(clip))
    , prior_(std::move(prior))
    , decoder_(std::move(decoder))
    , tokenizer_(std::move(tokenizer))
{
    clip_->eval();
    prior_->eval();
    decoder_->eval();
}

Tensor Dalle2::tokenize(const std::vector<std::string>& texts) const
{
    const auto length = static_cast<std::size_t>(clip_->max_text_len());
    std::vector<Tensor> rows;
    for (const auto& text : texts)
        rows.push_back(torch::tensor(text_ids(tokenizer_, clip_->text_frame(), text, length)));
    return torch::stack(rows); // (b, max_text_len)
}

Tensor Dalle2::sample(const std::vector<std::string>& texts, const Dalle2Sampling& sampling,
                      std::uint64_t seed)
{
    return sample(tokenize(texts), sampling, seed);
}

Tensor Dalle2::sample(const Tensor& text, const Dalle2Sampling& sampling, std::uint64_t seed)
{
    const auto pictures = text.size(0);
    std::unique_ptr<Noise> noise;
    const Dalle2Noise sources{
        [&]() -> Noise& {
            return *(noise = picture_noise(seed, 0, 0, pictures, sampling.prior_num_samples));
        },
        [&](std::int64_t unet) -> Noise& { return *(noise = picture_noise(seed, unet, 0, pictures)); },
    };
    return sample_dalle2(*prior_, *decoder_, *clip_, text, sampling, sources);
}

} // namespace reverie
