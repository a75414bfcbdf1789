// SPDX-License-Identifier: MIT
#include "core/models/decoder_stage.h"

#include "core/diffusion/likelihood.h"
#include "core/diffusion/respacing.h"

#include <torch/torch.h>

#include <numbers>

namespace reverie {

Tensor dynamic_threshold(const Tensor& x_start, std::optional<double> percentile)
{
    if (!percentile)
        return x_start.clamp(-1, 1);
    auto s = torch::quantile(x_start.flatten(1).abs(), *percentile, -1).clamp_min(1.); // (b)
    s = s.view({ -1, 1, 1, 1 });
    return torch::minimum(torch::maximum(x_start, -s), s) / s;
}

DecoderStage DecoderStage::respaced(std::int64_t steps) const
{
    const auto kept = spaced_times(schedule->num_timesteps(), steps);
    const auto device = schedule->betas.device();
    auto stage = *this;
    stage.schedule = NoiseSchedule(schedule->options(), kept);
    stage.schedule->to(device);
    stage.times = torch::tensor(kept, torch::kInt64).to(device);
    return stage;
}

std::int64_t DecoderStage::latent_size() const
{
    return vae ? vae->encoded_size(image_size) : image_size;
}

std::int64_t DecoderStage::latent_channels() const
{
    return vae ? vae->encoded_dim() : channels;
}

Tensor DecoderStage::encoded(const Tensor& image)
{
    if (!image.defined())
        return image;
    if (vae) {
        torch::NoGradGuard no_grad;
        return vae->encode(image);
    }
    return options->auto_normalize_img ? image * 2 - 1 : image;
}

Tensor DecoderStage::decoded(const Tensor& x)
{
    const bool shift = options->auto_normalize_img && (!vae || options->unnormalize_latents);
    const auto unnormalized = shift ? (x + 1) * 0.5 : x;
    return vae ? vae->decode(unnormalized).image : unnormalized;
}

Tensor DecoderStage::x_start(const Tensor& x, const Tensor& t, const Tensor& prediction) const
{
    if (predict_v)
        return schedule->predict_start_from_v(x, t, prediction);
    return predict_x_start ? prediction : schedule->predict_start_from_noise(x, t, prediction);
}

Tensor DecoderStage::target(const Tensor& x_start, const Tensor& t, const Tensor& noise) const
{
    if (predict_v)
        return schedule->calculate_v(x_start, t, noise);
    return predict_x_start ? x_start : noise;
}

Tensor DecoderStage::log_variance(const Tensor& fraction, const Tensor& t) const
{
    auto share = (fraction + 1) * 0.5;
    if (options->learned_variance_constrain_frac)
        share = share.sigmoid();
    const auto low = extract(schedule->posterior_log_variance_clipped, t, fraction);
    const auto high = extract(schedule->betas.log(), t, fraction);
    return share * high + (1 - share) * low;
}

Tensor DecoderStage::thresholded(const Tensor& x_start) const
{
    if (vae)
        return x_start;
    return dynamic_threshold(x_start,
                             options->use_dynamic_thres ? std::optional(options->dynamic_thres_percentile)
                                                        : std::nullopt);
}

Denoised DecoderStage::denoise(const Tensor& x, const Tensor& t, const UnetCondition& condition,
                               double cond_scale, const UnetCondition* negative)
{
    const auto time = times.defined() ? times.index_select(0, t) : t;
    auto output = unet->forward_with_cond_scale(x, time, condition, cond_scale, negative);
    Tensor log_var;
    if (learned_variance) {
        const auto parts = output.chunk(2, 1);
        output = parts[0];
        log_var = log_variance(parts[1], t);
    }
    const auto x0 = thresholded(x_start(x, t, output));
    return { x0, schedule->predict_noise_from_start(x, t, x0), log_var };
}

Tensor DecoderStage::variational_bound(const Tensor& x0, const Tensor& x_t, const Tensor& t,
                                       const Tensor& prediction, const Tensor& fraction) const
{
    const auto in_bits = [](const Tensor& nats) { return nats.flatten(1).mean(-1) / std::numbers::ln2; };
    const auto estimate = options->vb_of_noise ? schedule->predict_start_from_noise(x_t, t, prediction)
                                               : x_start(x_t, t, prediction);
    const auto truth = schedule->q_posterior(x0, x_t, t);
    const auto mean = schedule->q_posterior(estimate, x_t, t).mean.detach();
    // A variance so small that its inverse overflows would turn both branches' gradients into nan.
    const auto log_var = log_variance(fraction, t).clamp_min(-80);
    const auto kl = in_bits(normal_kl(truth.mean, truth.log_variance, mean, log_var));
    const auto nll = in_bits(-discretized_gaussian_log_likelihood(x0, mean, 0.5 * log_var));
    return torch::where(t == 0, nll, kl).mean();
}

} // namespace reverie
