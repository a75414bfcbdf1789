// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/options.h"
#include "core/diffusion/elucidated_options.h"
#include "core/models/vqgan_vae_options.h"

#include <optional>
#include <string>
#include <vector>

namespace reverie {

struct DecoderOptions {
    std::optional<std::int64_t> image_size; ///< side of a decoder of one U-Net
    std::vector<std::int64_t> image_sizes; ///< side of every stage, ascending
    std::int64_t channels = 3;
    std::vector<std::optional<VQGanVAEOptions>> vaes; ///< by stage; null or left out: the stage draws pixels
    std::int64_t timesteps = 1000;
    PerStage<std::optional<std::int64_t>> sample_timesteps = std::optional<std::int64_t>(); ///< fewer: DDIM
    double image_cond_drop_prob = 0.1;
    double text_cond_drop_prob = 0.5;
    std::string loss_type = "l2";
    PerStage<std::optional<std::string>> beta_schedule
        = std::optional<std::string>(); ///< cosine, ..., linear
    PerStage<bool> predict_x_start = false;
    PerStage<bool> predict_v = false;
    bool predict_x_start_for_latent_diffusion = false; ///< exactly the stages with a VQGAN-VAE predict x_0
    PerStage<std::optional<std::int64_t>> random_crop_sizes
        = std::optional<std::int64_t>(); ///< train later stages on crops
    PerStage<bool> use_noise_for_lowres_cond = false; ///< of later stages; beside or instead of blur
    PerStage<bool> use_blur_for_lowres_cond = true;
    bool lowres_downsample_first = true;
    std::string downsample = "nearest"; ///< how training pictures are shrunk: nearest (the reference) | area
    double blur_prob = 0.5;
    PerStage<double> blur_sigma = 0.6; ///< a list of two is a range
    PerStage<std::int64_t> blur_kernel_size = 3;
    double lowres_noise_sample_level = 0.2; ///< noise at sampling, share of its 1000 steps
    bool clip_denoised
        = true; ///< kept for configurations; x_0 is always clamped or thresholded, latents never
    bool clip_x_start = true; ///< likewise
    std::optional<PerStage<bool>> learned_variance; ///< stages that are not listed don't; default: the first
    bool learned_variance_constrain_frac = false;
    double vb_loss_weight = 0.001; ///< of the variational bound that trains the variance
    bool vb_of_noise = false; ///< the bound reads any prediction as noise, as the reference does
    bool unconditional = false;
    bool auto_normalize_img = true; ///< pictures are in [0, 1]; else in [-1, 1]
    bool unnormalize_latents = false; ///< the reference maps sampled latents to (x + 1) / 2 before decoding
    bool use_dynamic_thres = false; ///< Imagen's thresholding by quantile instead of a clamp
    double dynamic_thres_percentile = 0.95;
    PerStage<double> p2_loss_weight_gamma = 0.;
    double p2_loss_weight_k = 1.;
    double ddim_sampling_eta = 0.;
    bool respaced = false; ///< fewer steps are a chain of their own, ancestral by default (Nichol & Dhariwal
                           ///< 2021, section 4), instead of the reference's DDIM
    std::string lowres_resize = "nearest"; ///< how a stage is shown the picture before: nearest | bicubic
    bool require_finite_schedules = true; ///< the reference builds others too and draws nan with them
    PerStage<bool> elucidated
        = false; ///< these stages diffuse as Karras et al. (2022) do, without a schedule
    PerStage<ElucidatedOptions> edm = ElucidatedOptions(); ///< and so
    bool offload_unets = false; ///< U-Nets that are neither trained nor drawn with rest on the CPU
    static void visit(auto& self, auto&& field)
    {
        field("image_size", self.image_size);
        field("image_sizes", self.image_sizes);
        field("channels", self.channels);
        field("vaes", self.vaes);
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
        field("vb_of_noise", self.vb_of_noise);
        field("unconditional", self.unconditional);
        field("auto_normalize_img", self.auto_normalize_img);
        field("unnormalize_latents", self.unnormalize_latents);
        field("use_dynamic_thres", self.use_dynamic_thres);
        field("dynamic_thres_percentile", self.dynamic_thres_percentile);
        field("p2_loss_weight_gamma", self.p2_loss_weight_gamma);
        field("p2_loss_weight_k", self.p2_loss_weight_k);
        field("ddim_sampling_eta", self.ddim_sampling_eta);
        field("respaced", self.respaced);
        field("lowres_resize", self.lowres_resize);
        field("require_finite_schedules", self.require_finite_schedules);
        field("elucidated", self.elucidated);
        field("edm", self.edm);
        field("offload_unets", self.offload_unets);
    }
};

} // namespace reverie
