// SPDX-License-Identifier: MIT
#include "core/models/diffusion_prior.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

DiffusionPriorImpl::DiffusionPriorImpl(const DiffusionPriorOptions& options, PriorNetwork network,
                                       std::shared_ptr<Clip> clip)
    : options_(options)
    , image_embed_dim_(options.image_embed_dim.value_or(clip ? clip->dim_latent() : network->options().dim))
    , image_embed_scale_(options.image_embed_scale.value_or(std::sqrt(static_cast<double>(image_embed_dim_))))
    , drop_{ options.text_cond_drop_prob.value_or(options.cond_drop_prob),
             options.image_cond_drop_prob.value_or(options.cond_drop_prob) }
    , clip_(std::move(clip))
    , noise_scheduler(
          register_module("noise_scheduler",
                          NoiseSchedule(NoiseScheduleOptions{ .beta_schedule = options.beta_schedule,
                                                              .timesteps = options.timesteps,
                                                              .loss_type = options.loss_type })))
    , net(register_module("net", std::move(network)))
{
    if (net->options().dim != image_embed_dim_)
        throw UsageError("prior.net.dim is " + std::to_string(net->options().dim)
                         + " but the image embedding has " + std::to_string(image_embed_dim_) + " numbers.");
    if (clip_ && clip_->dim_latent() != image_embed_dim_)
        throw UsageError("prior.image_embed_dim is " + std::to_string(image_embed_dim_)
                         + " but CLIP's dim_latent is " + std::to_string(clip_->dim_latent()) + ".");
    if (clip_ && options.condition_on_text_encodings && clip_->dim_text() != net->options().dim)
        throw UsageError("prior.net.dim is " + std::to_string(net->options().dim)
                         + " but CLIP's text encodings are " + std::to_string(clip_->dim_text())
                         + " wide; make them the same, or set prior.condition_on_text_encodings to false.");
    if (clip_)
        clip_->eval();
}

DiffusionPriorImpl::DiffusionPriorImpl(const DiffusionPriorOptions& options, std::int64_t image_embed_dim,
                                       std::shared_ptr<Clip> clip)
    : options_(options)
    , image_embed_dim_(image_embed_dim)
    , image_embed_scale_(1)
    , drop_{ options.cond_drop_prob, options.cond_drop_prob }
    , clip_(std::move(clip))
    , noise_scheduler(
          register_module("noise_scheduler",
                          NoiseSchedule(NoiseScheduleOptions{ .beta_schedule = options.beta_schedule,
                                                              .timesteps = options.timesteps,
                                                              .loss_type = options.loss_type })))
{
    if (clip_)
        clip_->eval();
}

bool DiffusionPriorImpl::can_guide() const
{
    return drop_.text > 0 && drop_.image > 0;
}

TextCondition DiffusionPriorImpl::embed_text(const Tensor& text)
{
    if (!clip_)
        throw UsageError("This prior has no CLIP; give it text embeddings.");
    torch::NoGradGuard no_grad;
    const auto embedded = clip_->embed_text(text);
    return { embedded.text_embed, options_.condition_on_text_encodings ? embedded.text_encodings : Tensor() };
}

Tensor DiffusionPriorImpl::loss_of_pairs(const Tensor& text, const Tensor& image, Noise& noise)
{
    const auto condition = embed_text(text);
    torch::NoGradGuard no_grad;
    const auto image_embed = clip_->embed_image(image, &noise).image_embed;
    torch::AutoGradMode grad(true);
    return loss(image_embed, condition, noise);
}

Tensor DiffusionPriorImpl::loss(const Tensor& image_embed, const TextCondition& text, Noise& noise)
{
    const auto x_start = image_embed * image_embed_scale_;
    const auto t = noise.integers(num_timesteps(), x_start.size(0)).to(x_start.device());
    const auto epsilon = noise.normal(x_start.sizes()).to(x_start.options());
    const auto x_t = noise_scheduler->q_sample(x_start, t, epsilon);
    Tensor self_cond;
    if (net->options().self_cond && noise.coin() < 0.5) {
        torch::NoGradGuard no_grad;
        self_cond = net(x_t, t, text);
    }
    auto prediction = net(x_t, t, text, self_cond, drop_, &noise);
    if (options_.predict_x_start && options_.training_clamp_l2norm)
        prediction = l2norm(prediction) * image_embed_scale_;
    const auto target = options_.predict_v ? noise_scheduler->calculate_v(x_start, t, epsilon)
        : options_.predict_x_start         ? x_start
                                           : epsilon;
    return noise_scheduler->loss(prediction, target);
}

Denoised DiffusionPriorImpl::denoise(const Tensor& x, const Tensor& t, const TextCondition& text,
                                     const Tensor& self_cond, double cond_scale, bool clip_denoised,
                                     const TextCondition* negative)
{
    const auto prediction = net->forward_with_cond_scale(x, t, text, self_cond, cond_scale, negative);
    auto x_start = options_.predict_v ? noise_scheduler->predict_start_from_v(x, t, prediction)
        : options_.predict_x_start    ? prediction
                                      : noise_scheduler->predict_start_from_noise(x, t, prediction);
    if (clip_denoised && !options_.predict_x_start)
        x_start = x_start.clamp(-1, 1);
    if (options_.predict_x_start && options_.sampling_clamp_l2norm)
        x_start = l2norm(x_start) * image_embed_scale_;
    return { x_start, noise_scheduler->predict_noise_from_start(x, t, x_start), {} };
}

std::int64_t DiffusionPriorImpl::checked_steps(const SamplingOptions& options) const
{
    if (options.cond_scale != 1 && !can_guide())
        throw UsageError(
            "This prior was trained without dropping its conditions, so its guidance scale must stay 1.");
    const auto steps = options.timesteps.value_or(options_.sample_timesteps.value_or(num_timesteps()));
    if (steps < 1 || steps > num_timesteps())
        throw UsageError("The prior takes 1 to " + std::to_string(num_timesteps()) + " steps, not "
                         + std::to_string(steps) + ".");
    return steps;
}

Tensor DiffusionPriorImpl::p_sample_loop(std::int64_t batch, const TextCondition& text,
                                         const SamplingOptions& options, Noise& noise, const OnStep& on_step,
                                         const std::stop_token& stop, const TextCondition* negative)
{
    torch::NoGradGuard no_grad;
    const auto steps = checked_steps(options);
    const auto sampler = chosen_sampler(options.sampler, steps, num_timesteps());
    if (sampler == Sampler::Ddpm && steps < num_timesteps())
        throw UsageError("The ddpm sampler takes all " + std::to_string(num_timesteps())
                         + " steps of the prior; choose ddim for fewer.");

    auto x = noise.normal({ batch, image_embed_dim_ }).to(text.text_embed.options());
    if (options_.init_image_embed_l2norm)
        x = l2norm(x) * image_embed_scale_;
    const bool clip_denoised = sampler != Sampler::Ddpm || options_.clip_denoised;
    const Denoise step = [&](const Tensor& x_t, const Tensor& t, const Tensor& previous) {
        return denoise(x_t, t, text, net->options().self_cond ? previous : Tensor(), options.cond_scale,
                       clip_denoised, negative);
    };
    if (sampler == Sampler::Ddpm)
        x = sample_ddpm(step, x, *noise_scheduler, noise, on_step, stop);
    else if (sampler == Sampler::Ddim)
        x = sample_ddim(step, x, noise_scheduler->alphas_cumprod_prev,
                        prior_ddim_times(num_timesteps(), steps), options.eta.value_or(1.), noise, on_step,
                        stop);
    else
        x = sample_dpmpp(step, x, noise_scheduler->alphas_cumprod_prev,
                         prior_ddim_times(num_timesteps(), steps), on_step, stop);
    if (options_.predict_x_start && options_.sampling_final_clamp_l2norm)
        x = l2norm(x) * image_embed_scale_;
    return x / image_embed_scale_;
}

PriorSamples DiffusionPriorImpl::sample(const TextCondition& text, std::int64_t candidates,
                                        const SamplingOptions& options, Noise& noise, const OnStep& on_step,
                                        const std::stop_token& stop, const TextCondition* negative)
{
    torch::NoGradGuard no_grad;
    const auto b = text.text_embed.size(0);
    const auto repeated
        = [&](const Tensor& x) { return x.defined() ? x.repeat_interleave(candidates, 0) : x; };
    const auto for_candidates = [&](const TextCondition& one) {
        return TextCondition{ repeated(one.text_embed), repeated(one.text_encodings) };
    };
    const auto away = negative ? for_candidates(*negative) : TextCondition{};
    const auto embeds = p_sample_loop(b * candidates, for_candidates(text), options, noise, on_step, stop,
                                      negative ? &away : nullptr)
                            .view({ b, candidates, -1 }); // (b, r, d)
    const auto similarity = (l2norm(embeds) * l2norm(text.text_embed).unsqueeze(1)).sum(-1); // (b, r)
    const auto chosen = similarity.argmax(1); // (b)
    const auto index = chosen.view({ b, 1, 1 }).expand({ -1, 1, embeds.size(2) });
    return { embeds.gather(1, index).squeeze(1), embeds, similarity, chosen };
}

PriorSamples DiffusionPriorImpl::sample_text(const Tensor& text, std::int64_t candidates,
                                             const SamplingOptions& options, Noise& noise,
                                             const OnStep& on_step, const std::stop_token& stop)
{
    return sample(embed_text(text), candidates, options, noise, on_step, stop);
}

} // namespace reverie
