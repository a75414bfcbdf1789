// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/sampling_options.h"
#include "core/models/clip.h"
#include "core/models/lowres_conditioner.h"
#include "core/models/unet.h"

#include <functional>
#include <memory>
#include <stop_token>

namespace reverie {

struct DecoderOptions {
    std::optional<std::int64_t> image_size; ///< side of a decoder of one U-Net
    std::vector<std::int64_t> image_sizes; ///< side of every stage, ascending
    std::int64_t channels = 3;
    std::int64_t timesteps = 1000;
    PerStage<std::optional<std::int64_t>> sample_timesteps = std::optional<std::int64_t>(); ///< fewer: DDIM
    double image_cond_drop_prob = 0.1;
    double text_cond_drop_prob = 0.5;
    std::string loss_type = "l2";
    PerStage<std::optional<std::string>> beta_schedule
        = std::optional<std::string>(); ///< cosine, ..., linear
    PerStage<bool> predict_x_start = false;
    PerStage<bool> predict_v = false;
    bool predict_x_start_for_latent_diffusion = false;
    PerStage<std::optional<std::int64_t>> random_crop_sizes
        = std::optional<std::int64_t>(); ///< train on crops
    bool use_noise_for_lowres_cond = false; ///< instead of blur, with lowres_noise_cond U-Nets
    bool use_blur_for_lowres_cond = true;
    bool lowres_downsample_first = true;
    std::string downsample = "nearest"; ///< how training pictures are shrunk: nearest (the reference) | area
    double blur_prob = 0.5;
    PerStage<double> blur_sigma = 0.6; ///< a list of two is a range
    PerStage<std::int64_t> blur_kernel_size = 3;
    double lowres_noise_sample_level = 0.2; ///< noise at sampling, share of its 1000 steps
    bool clip_denoised = true; ///< kept for configurations; x_0 is always clamped or thresholded
    bool clip_x_start = true; ///< likewise
    std::optional<PerStage<bool>> learned_variance; ///< default: the first stage only
    bool learned_variance_constrain_frac = false;
    double vb_loss_weight = 0.001; ///< of the variational bound that trains the variance
    bool unconditional = false;
    bool auto_normalize_img = true; ///< pictures are in [0, 1]; else in [-1, 1]
    bool use_dynamic_thres = false; ///< Imagen's thresholding by quantile instead of a clamp
    double dynamic_thres_percentile = 0.95;
    double p2_loss_weight_gamma = 0.;
    double p2_loss_weight_k = 1.;
    double ddim_sampling_eta = 0.;
    static void visit(auto& self, auto&& field)
    {
        field("image_size", self.image_size);
        field("image_sizes", self.image_sizes);
        field("channels", self.channels);
        field("timesteps", self.timesteps);
        field("sample_timesteps", self.sample_timesteps);
        field("image_cond_drop_prob", self.image_cond_drop_prob);
        field("text_cond_drop_prob", self.text_cond_drop_prob);
        field("loss_type", self.loss_type);
        field("beta_schedule", self.beta_schedule);
        field("predict_x_start", self.predict_x_start);
        field("predict_v", self.predict_v);
        field("predict_x_start_for_latent_diffusion", self.predict_x_start_for_latent_diffusion);
        field("random_crop_sizes", self.random_crop_sizes);
        field("use_noise_for_lowres_cond", self.use_noise_for_lowres_cond);
        field("use_blur_for_lowres_cond", self.use_blur_for_lowres_cond);
        field("lowres_downsample_first", self.lowres_downsample_first);
        field("downsample", self.downsample);
        field("blur_prob", self.blur_prob);
        field("blur_sigma", self.blur_sigma);
        field("blur_kernel_size", self.blur_kernel_size);
        field("lowres_noise_sample_level", self.lowres_noise_sample_level);
        field("clip_denoised", self.clip_denoised);
        field("clip_x_start", self.clip_x_start);
        field("learned_variance", self.learned_variance);
        field("learned_variance_constrain_frac", self.learned_variance_constrain_frac);
        field("vb_loss_weight", self.vb_loss_weight);
        field("unconditional", self.unconditional);
        field("auto_normalize_img", self.auto_normalize_img);
        field("use_dynamic_thres", self.use_dynamic_thres);
        field("dynamic_thres_percentile", self.dynamic_thres_percentile);
        field("p2_loss_weight_gamma", self.p2_loss_weight_gamma);
        field("p2_loss_weight_k", self.p2_loss_weight_k);
        field("ddim_sampling_eta", self.ddim_sampling_eta);
    }
};

/// What a picture is conditioned on.
struct DecoderCondition {
    Tensor image_embed; ///< (b, d); needed unless the decoder is unconditional
    Tensor text_encodings; ///< (b, n, text_embed_dim); needed if a U-Net reads them
};

struct DecoderLoss {
    Tensor loss; ///< ()
    Tensor lowres_cond_image; ///< what a later stage was shown, (b, c, size, size) in the pictures' range;
                              ///< else undefined
};

/// x_0 clamped to [-1, 1]; with a percentile, Imagen's dynamic thresholding (Saharia et al. 2022): cut at
/// that quantile of each picture's |x_0|, but not below 1, and scaled back by it.
Tensor dynamic_threshold(const Tensor& x_start, std::optional<double> percentile);

/// After each denoising step of stage `unet_number` (from 1): x0 is (b, c, size, size) in the pictures'
/// range.
using OnDecoderStep
    = std::function<void(std::int64_t unet_number, std::int64_t step, std::int64_t steps, const Tensor& x0)>;

/// Called before a stage draws its first noise, so that a keyed source can start afresh.
using BeforeStage = std::function<Noise&(std::int64_t unet_number)>;

struct DecoderSampling {
    PerStage<double> cond_scale = 1.;
    std::vector<SamplingOptions> stages; ///< overrides by stage; empty: the decoder's own
    std::int64_t start_at_unet_number = 1; ///< from 2: goes on from `image`
    std::int64_t stop_at_unet_number = 0; ///< 0: the last
    Tensor image; ///< (b, c, h, w), the stage before the first to be drawn
    OnDecoderStep on_step;
    std::function<void(std::int64_t unet_number, const Tensor& image)> on_stage; ///< a stage is finished
    std::stop_token stop;
};

/// A cascade of U-Nets from image embedding to pixels (Ramesh et al. 2022, section 2.1). The first is
/// conditioned on the embedding, each later one on the picture before it. Throws UsageError for options that
/// can't be built.
class DecoderImpl : public torch::nn::Module
{
public:
    /// Each U-Net's options are completed for its place in the cascade (lowres_cond, cond_on_image_embeds,
    /// channels, channels_out), as the reference does.
    DecoderImpl(const DecoderOptions& options, const std::vector<UnetOptions>& unets,
                std::shared_ptr<Clip> clip = nullptr);

    /// Training loss of stage `unet_number` (from 1) for pictures (b, c, h, w): mean over the batch.
    /// text ids (b, n) or the condition's members may be given; what is missing comes from CLIP.
    DecoderLoss loss(const Tensor& image, std::int64_t unet_number, DecoderCondition condition, Noise& noise,
                     const Tensor& text = {});

    /// Pictures (b, c, size, size) in [0, 1] (or [-1, 1] without auto_normalize_img) of the last stage drawn.
    Tensor sample(std::int64_t batch, const DecoderCondition& condition, const DecoderSampling& sampling,
                  const BeforeStage& before_stage);
    Tensor sample(std::int64_t batch, const DecoderCondition& condition, const DecoderSampling& sampling,
                  Noise& noise);

    [[nodiscard]] std::int64_t num_unets() const { return static_cast<std::int64_t>(unets_.size()); }
    [[nodiscard]] std::int64_t image_size(std::int64_t unet_number) const;
    [[nodiscard]] std::int64_t num_timesteps() const { return options_.timesteps; }
    [[nodiscard]] bool can_guide() const;
    [[nodiscard]] bool reads_text() const; ///< some U-Net is conditioned on text encodings
    [[nodiscard]] const DecoderOptions& options() const { return options_; }
    Unet unet(std::int64_t unet_number) { return unets_.at(static_cast<std::size_t>(unet_number - 1)); }

private:
    struct Stage; // one U-Net with all that its chain needs

    [[nodiscard]] Stage stage(std::int64_t unet_number) const;
    [[nodiscard]] Tensor normalized(const Tensor& image) const;
    [[nodiscard]] Tensor unnormalized(const Tensor& image) const;
    void complete_condition(DecoderCondition& condition, const Tensor& image, const Tensor& text,
                            Noise& noise);
    void check(const DecoderCondition& condition, const DecoderSampling& sampling) const;
    Tensor sample_stage(std::int64_t number, std::int64_t batch, const DecoderCondition& condition,
                        const DecoderSampling& sampling, const Tensor& previous, Noise& noise);

    DecoderOptions options_;
    std::vector<std::int64_t> image_sizes_;
    std::vector<bool> learned_variance_;
    std::shared_ptr<Clip> clip_; ///< frozen and shared, so not a submodule
    std::vector<Unet> unets_;
    std::vector<NoiseSchedule> noise_schedulers_;
    std::vector<LowresConditioner> lowres_conds_;
};
TORCH_MODULE(Decoder);

} // namespace reverie
