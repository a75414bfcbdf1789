// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/diffusion_prior.h"
#include "core/models/prior_transformer.h"

namespace reverie {

struct KarloPriorOptions {
    PriorTransformerOptions net;
    std::int64_t timesteps = 1000;
    std::optional<std::int64_t> sample_timesteps = 25;
    std::string beta_schedule = "cosine";
    double clip_range = 10; ///< x_0, in deviations from the mean embedding, stays within; diffusers has 5
    static void visit(auto& self, auto&& field)
    {
        field("net", self.net);
        field("timesteps", self.timesteps);
        field("sample_timesteps", self.sample_timesteps);
        field("beta_schedule", self.beta_schedule);
        field("clip_range", self.clip_range);
    }
};

/// Karlo's prior: it draws CLIP's image embedding less its mean, over its deviation, and is guided away from
/// the text "". Fewer steps than trained are a respaced chain. It can be drawn with, not trained.
class KarloPriorImpl : public DiffusionPriorImpl
{
public:
    explicit KarloPriorImpl(const KarloPriorOptions& options, std::shared_ptr<Clip> clip = nullptr);

    Tensor loss(const Tensor& image_embed, const TextCondition& text, Noise& noise) override;
    Tensor p_sample_loop(std::int64_t batch, const TextCondition& text, const SamplingOptions& options,
                         Noise& noise, const OnStep& on_step, const std::stop_token& stop,
                         const TextCondition* negative) override;
    [[nodiscard]] bool is_respaced() const override { return true; }
    PriorTransformer& transformer() { return net; }

private:
    Tensor guided(const Tensor& x, const Tensor& time, const TextCondition& text, const TextCondition& away,
                  double cond_scale);
    TextCondition empty_text(const TextCondition& like);

    double clip_range_;
    PriorTransformer net{ nullptr };
    Tensor clip_mean, clip_std; ///< (1, clip_dim), of CLIP's image embeddings
};

} // namespace reverie
