// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise_schedule.h"
#include "core/diffusion/samplers.h"
#include "core/diffusion/sampling_options.h"
#include "core/models/clip.h"
#include "core/models/prior_network.h"

#include <memory>

namespace reverie {

struct DiffusionPriorOptions {
    std::optional<std::int64_t> image_embed_dim; ///< default: CLIP's dim_latent, else the network's dim
    std::optional<std::int64_t> image_size; ///< for configurations without CLIP
    std::int64_t image_channels = 3;
    std::int64_t timesteps = 1000;
    std::optional<std::int64_t> sample_timesteps; ///< fewer than timesteps: DDIM
    double cond_drop_prob = 0; ///< for both, where the two below are not given
    std::optional<double> text_cond_drop_prob;
    std::optional<double> image_cond_drop_prob;
    std::string loss_type = "l2";
    bool predict_x_start = true; ///< predict x_0 instead of the noise
    bool predict_v = false; ///< predict v (Salimans & Ho 2022); goes before predict_x_start
    std::string beta_schedule = "cosine";
    bool condition_on_text_encodings = true;
    bool sampling_clamp_l2norm = false; ///< project x_0 back to the sphere at every step
    bool sampling_final_clamp_l2norm = false; ///< and at the end
    bool training_clamp_l2norm = false;
    bool init_image_embed_l2norm = false;
    std::optional<double> image_embed_scale; ///< default sqrt(image_embed_dim)
    bool clip_denoised = true;
    static void visit(auto& self, auto&& field)
    {
        field("image_embed_dim", self.image_embed_dim);
        field("image_size", self.image_size);
        field("image_channels", self.image_channels);
        field("timesteps", self.timesteps);
        field("sample_timesteps", self.sample_timesteps);
        field("cond_drop_prob", self.cond_drop_prob);
        field("text_cond_drop_prob", self.text_cond_drop_prob);
        field("image_cond_drop_prob", self.image_cond_drop_prob);
        field("loss_type", self.loss_type);
        field("predict_x_start", self.predict_x_start);
        field("predict_v", self.predict_v);
        field("beta_schedule", self.beta_schedule);
        field("condition_on_text_encodings", self.condition_on_text_encodings);
        field("sampling_clamp_l2norm", self.sampling_clamp_l2norm);
        field("sampling_final_clamp_l2norm", self.sampling_final_clamp_l2norm);
        field("training_clamp_l2norm", self.training_clamp_l2norm);
        field("init_image_embed_l2norm", self.init_image_embed_l2norm);
        field("image_embed_scale", self.image_embed_scale);
        field("clip_denoised", self.clip_denoised);
    }
};

/// What a prior makes of a batch of texts.
struct PriorSamples {
    Tensor image_embed; ///< (b, d): for each text the candidate nearest to its text embedding
    Tensor candidates; ///< (b, r, d)
    Tensor similarity; ///< (b, r), cosine to the text embedding
    Tensor chosen; ///< int64 (b)
};

/// The diffusion prior: p(image embedding | text) by Gaussian diffusion of the embedding
/// (Ramesh et al. 2022, section 2.2). Throws UsageError for options that can't be built.
class DiffusionPriorImpl : public torch::nn::Module
{
public:
    DiffusionPriorImpl(const DiffusionPriorOptions& options, PriorNetwork network,
                       std::shared_ptr<Clip> clip = nullptr);

    /// E || target - net(z_t, t, text) ||^2 of image embeddings (b, d) as CLIP gives them: ().
    virtual Tensor loss(const Tensor& image_embed, const TextCondition& text, Noise& noise);
    /// The same from token ids (b, n) and images (b, c, h, w) through CLIP.
    Tensor loss_of_pairs(const Tensor& text, const Tensor& image, Noise& noise);

    /// `candidates` embeddings for each text; the one nearest to the text embedding is chosen. Noise rows are
    /// text-major: all candidates of the first text come first. Guidance leads away from `negative`, as many
    /// texts, where it is given, instead of from the null condition.
    PriorSamples sample(const TextCondition& text, std::int64_t candidates, const SamplingOptions& options,
                        Noise& noise, const OnStep& on_step = {}, const std::stop_token& stop = {},
                        const TextCondition* negative = nullptr);
    /// From token ids (b, n) through CLIP.
    PriorSamples sample_text(const Tensor& text, std::int64_t candidates, const SamplingOptions& options,
                             Noise& noise, const OnStep& on_step = {}, const std::stop_token& stop = {});
    /// The bare chain: (b, d) embeddings in CLIP's scale.
    virtual Tensor p_sample_loop(std::int64_t batch, const TextCondition& text,
                                 const SamplingOptions& options, Noise& noise, const OnStep& on_step = {},
                                 const std::stop_token& stop = {}, const TextCondition* negative = nullptr);

    /// Text condition of token ids (b, n), without encodings if the prior reads none.
    TextCondition embed_text(const Tensor& text);

    [[nodiscard]] bool
    can_guide() const; ///< trained with dropped conditions, so that cond_scale may differ from 1
    [[nodiscard]] const DiffusionPriorOptions& options() const { return options_; }
    [[nodiscard]] std::int64_t image_embed_dim() const { return image_embed_dim_; }
    [[nodiscard]] std::int64_t num_timesteps() const { return options_.timesteps; }
    /// Fewer steps are a chain of their own, so that every sampler takes any number of them.
    [[nodiscard]] virtual bool is_respaced() const { return false; }
    PriorNetwork& network() { return net; } ///< null in a prior with a network of another kind

protected:
    /// For priors with networks of their own.
    DiffusionPriorImpl(const DiffusionPriorOptions& options, std::int64_t image_embed_dim,
                       std::shared_ptr<Clip> clip);
    [[nodiscard]] const NoiseSchedule& schedule() const { return noise_scheduler; }
    [[nodiscard]] Clip* clip() const { return clip_.get(); }
    /// The steps that are asked for. Throws UsageError for guidance or steps that this prior can't take.
    [[nodiscard]] std::int64_t checked_steps(const SamplingOptions& options) const;

private:
    Denoised denoise(const Tensor& x, const Tensor& t, const TextCondition& text, const Tensor& self_cond,
                     double cond_scale, bool clip_denoised, const TextCondition* negative);

    DiffusionPriorOptions options_;
    std::int64_t image_embed_dim_;
    double image_embed_scale_;
    DropProbs drop_;
    std::shared_ptr<Clip> clip_; ///< frozen and shared, so not a submodule
    NoiseSchedule noise_scheduler{ nullptr };
    PriorNetwork net{ nullptr };
};
TORCH_MODULE(DiffusionPrior);

} // namespace reverie
