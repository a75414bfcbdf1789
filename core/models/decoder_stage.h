// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/samplers.h"
#include "core/models/decoder_options.h"
#include "core/models/lowres_conditioner.h"
#include "core/models/unet.h"
#include "core/models/vqgan_vae.h"

#include <memory>

namespace reverie {

/// x_0 clamped to [-1, 1]; with a percentile, Imagen's dynamic thresholding (Saharia et al. 2022): cut at
/// that quantile of each picture's |x_0|, but not below 1, and scaled back by it.
Tensor dynamic_threshold(const Tensor& x_start, std::optional<double> percentile);

/// One U-Net of a cascade with all that its chain needs. What it diffuses, x, is pixels in [-1, 1], or the
/// features of its VQGAN-VAE before quantisation (latent diffusion, Rombach et al. 2021).
struct DecoderStage {
    std::int64_t number = 1;
    std::int64_t image_size = 0; ///< side of its pictures
    std::int64_t channels = 3; ///< of its pictures
    Unet unet{ nullptr };
    NoiseSchedule schedule{ nullptr };
    LowresConditioner lowres{ nullptr }; ///< null in the first stage
    VQGanVAE vae{ nullptr }; ///< null: the stage draws pixels
    bool learned_variance = false, predict_x_start = false, predict_v = false;
    std::optional<std::int64_t> sample_timesteps, random_crop_size;
    std::optional<ElucidatedOptions> edm; ///< of an elucidated stage, which has no use for `schedule`
    std::shared_ptr<const DecoderOptions> options; ///< the decoder's
    Tensor times; ///< int64 (steps), of a respaced stage: the U-Net's time for each of the schedule's

    /// The same stage with a schedule of only so many of its times.
    [[nodiscard]] DecoderStage respaced(std::int64_t steps) const;

    [[nodiscard]] std::int64_t latent_size() const; ///< side of x
    [[nodiscard]] std::int64_t latent_channels() const;
    [[nodiscard]] Tensor encoded(const Tensor& image); ///< pictures to x; undefined stays undefined
    [[nodiscard]] Tensor decoded(const Tensor& x); ///< x to pictures

    /// The estimate of x_0 that a prediction stands for; what the prediction was trained to be.
    [[nodiscard]] Tensor x_start(const Tensor& x, const Tensor& t, const Tensor& prediction) const;
    [[nodiscard]] Tensor target(const Tensor& x_start, const Tensor& t, const Tensor& noise) const;

    /// An estimate of x_0, clamped or thresholded where x is pixels.
    [[nodiscard]] Tensor thresholded(const Tensor& x_start) const;

    /// One denoising step's estimate, thresholded. Guidance as in
    /// UnetImpl::forward_with_cond_scale.
    Denoised denoise(const Tensor& x, const Tensor& t, const UnetCondition& condition, double cond_scale,
                     const UnetCondition* negative = nullptr);

    /// Interpolates between the two bounds of the reverse variance (Nichol & Dhariwal 2021, eq. 15).
    [[nodiscard]] Tensor log_variance(const Tensor& fraction, const Tensor& t) const;

    /// The variational bound in bits a dimension, mean over the batch; it trains the variance only
    /// (Nichol & Dhariwal 2021, eq. 16).
    [[nodiscard]] Tensor variational_bound(const Tensor& x_start, const Tensor& x_t, const Tensor& t,
                                           const Tensor& prediction, const Tensor& fraction) const;
};

} // namespace reverie
