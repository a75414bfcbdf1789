// SPDX-License-Identifier: MIT
#include "core/nn/resize.h"
#include "core/train/objective.h"

#include <torch/torch.h>

namespace reverie {

namespace {

class UnetObjective : public Objective
{
public:
    UnetObjective(Decoder decoder, std::int64_t unet_number, Corpus& corpus, const UnetPartOptions& options,
                  const SamplingDefaults& sampling)
        : decoder_(std::move(decoder))
        , unet_number_(unet_number)
        , corpus_(corpus)
        , options_(options)
        , sampling_(sampling)
        , in_use_(decoder_->in_use(unet_number, OnDevice::Weights::Trained))
    {
    }

    torch::nn::Module& module() override { return *decoder_->unet(unet_number_); }
    void load(const Batch& batch) override { corpus_.batch = batch; }

    Tensor loss(const Rows& rows, Noise& noise) override
    {
        DecoderCondition condition;
        condition.image_embed = with_noise(embeddings(rows, noise), noise);
        if (decoder_->reads_text())
            condition.text_encodings = corpus_.take(corpus_.text_encodings, rows);
        return decoder_->loss(corpus_.training_pictures(rows), unet_number_, condition, noise).loss;
    }

    [[nodiscard]] TensorMap inputs(const Rows& rows) const override
    {
        TensorMap inputs{ { "pictures", corpus_.training_pictures(rows) },
                          { "image_embed", corpus_.take(corpus_.image_embed, rows) } };
        if (corpus_.prior_embed.defined())
            inputs["prior_embed"] = corpus_.take(corpus_.prior_embed, rows);
        return inputs;
    }

    /// From the embeddings that drawing would use, and for a later stage from the true picture before it.
    Tensor sample(const Rows& rows, Noise& noise) override
    {
        const torch::NoGradGuard no_grad;
        DecoderCondition condition;
        condition.image_embed = corpus_.prior_embed.defined()
            ? corpus_.take(corpus_.prior_embed, rows).select(1, 0)
            : corpus_.take(corpus_.image_embed, rows);
        if (decoder_->reads_text())
            condition.text_encodings = corpus_.take(corpus_.text_encodings, rows);
        DecoderSampling sampling;
        sampling.cond_scale = sampling_.cond_scale;
        sampling.start_at_unet_number = sampling.stop_at_unet_number = unet_number_;
        for (const auto steps : sampling_.steps) {
            auto& stage = sampling.stages.emplace_back();
            stage.timesteps = steps;
            stage.sampler = sampler_from_string(sampling_.sampler);
            stage.eta = sampling_.eta;
        }
        if (unet_number_ > 1)
            sampling.image = resize_area(corpus_.pictures(rows), decoder_->image_size(unet_number_ - 1));
        return decoder_->sample(std::int64_t(rows.size()), condition, sampling, noise);
    }

private:
    /// CLIP's, or for a share of the samples one that the prior drew: (b, d).
    Tensor embeddings(const Rows& rows, Noise& noise) const
    {
        auto embeds = corpus_.take(corpus_.image_embed, rows);
        if (options_.prior_embed_share <= 0 || !corpus_.prior_embed.defined())
            return embeds;
        const auto batch = embeds.size(0);
        const auto drawn = corpus_.take(corpus_.prior_embed, rows); // (b, k, d)
        const auto which = noise.integers(drawn.size(1), batch).to(embeds.device());
        const auto one = drawn.index({ torch::arange(batch, which.options()), which });
        const auto use_drawn = noise.uniform({ batch }).to(embeds.device()) < options_.prior_embed_share;
        return torch::where(use_drawn.unsqueeze(1), one, embeds);
    }

    /// Moved in a random direction, at the same length.
    Tensor with_noise(const Tensor& embeds, Noise& noise) const
    {
        if (options_.image_embed_noise <= 0)
            return embeds;
        const auto length = embeds.norm(2, 1, /*keepdim=*/true);
        const auto direction
            = noise.normal(embeds.sizes()).to(embeds.device()) / std::sqrt(double(embeds.size(1)));
        const auto moved = embeds + direction * length * options_.image_embed_noise;
        return moved * (length / moved.norm(2, 1, /*keepdim=*/true));
    }

    Decoder decoder_;
    std::int64_t unet_number_;
    Corpus& corpus_;
    UnetPartOptions options_;
    SamplingDefaults sampling_;
    OnDevice in_use_;
};

} // namespace

std::unique_ptr<Objective> unet_objective(Decoder decoder, std::int64_t unet_number, Corpus& corpus,
                                          const UnetPartOptions& options, const SamplingDefaults& sampling)
{
    return std::make_unique<UnetObjective>(std::move(decoder), unet_number, corpus, options, sampling);
}

} // namespace reverie
