// SPDX-License-Identifier: MIT
#include "core/models/karlo_prior.h"

#include "core/base/error.h"
#include "core/diffusion/respacing.h"

#include <torch/torch.h>

namespace reverie {

namespace {

DiffusionPriorOptions diffusion_options(const KarloPriorOptions& o)
{
    DiffusionPriorOptions options;
    options.timesteps = o.timesteps;
    options.sample_timesteps = o.sample_timesteps;
    options.beta_schedule = o.beta_schedule;
    options.cond_drop_prob = 0.2; // Karlo's, for which the text "" stands in
    return options;
}

} // namespace

KarloPriorImpl::KarloPriorImpl(const KarloPriorOptions& o, std::shared_ptr<Clip> clip)
    : DiffusionPriorImpl(diffusion_options(o), o.net.clip_dim, std::move(clip))
    , clip_range_(o.clip_range)
    , net(register_module("net", PriorTransformer(o.net)))
    , clip_mean(register_buffer("clip_mean", torch::zeros({ 1, o.net.clip_dim })))
    , clip_std(register_buffer("clip_std", torch::ones({ 1, o.net.clip_dim })))
{
    const auto* const reader = this->clip();
    if (reader && (reader->dim_latent() != o.net.clip_dim || reader->dim_text() != o.net.clip_dim))
        throw UsageError("prior.net.clip_dim is " + std::to_string(o.net.clip_dim)
                         + " but CLIP's embeddings have " + std::to_string(reader->dim_latent())
                         + " numbers and its text encodings " + std::to_string(reader->dim_text())
                         + "; all three must be the same.");
}

Tensor KarloPriorImpl::loss(const Tensor& /*image_embed*/, const TextCondition& /*text*/, Noise& /*noise*/)
{
    throw UsageError("A prior of Karlo's kind can't be trained here; draw with it, or train one of another "
                     "kind.");
}

TextCondition KarloPriorImpl::empty_text(const TextCondition& like)
{
    if (!clip())
        throw UsageError("This prior is guided away from the empty text, which takes a CLIP; build it with "
                         "one, or give a negative text.");
    const auto empty = clip()->embed_empty_text(like.text_embed.size(0));
    const auto missing = like.text_encodings.size(1) - empty.text_encodings.size(1);
    return {
        empty.text_embed.to(like.text_embed.options()),
        torch::constant_pad_nd(empty.text_encodings, { 0, 0, 0, missing }).to(like.text_encodings.options())
    };
}

Tensor KarloPriorImpl::guided(const Tensor& x, const Tensor& time, const TextCondition& text,
                              const TextCondition& away, double cond_scale)
{
    if (cond_scale == 1)
        return net(x, time, text);
    const TextCondition both{ torch::cat({ text.text_embed, away.text_embed }),
                              torch::cat({ text.text_encodings, away.text_encodings }) };
    const auto out = net(torch::cat({ x, x }), torch::cat({ time, time }), both).chunk(2);
    return out[1] + (out[0] - out[1]) * cond_scale;
}

Tensor KarloPriorImpl::p_sample_loop(std::int64_t batch, const TextCondition& text,
                                     const SamplingOptions& options, Noise& noise, const OnStep& on_step,
                                     const std::stop_token& stop, const TextCondition* negative)
{
    torch::NoGradGuard no_grad;
    if (!text.text_encodings.defined())
        throw UsageError("A prior of Karlo's kind reads every token of a text; give it text encodings.");
    const auto steps = checked_steps(options);
    const auto kept = spaced_times(num_timesteps(), steps);
    NoiseSchedule spaced(schedule()->options(), kept);
    spaced->to(text.text_embed.device());
    const auto times = torch::tensor(kept, torch::kInt64).to(text.text_embed.device());
    const bool guides = options.cond_scale != 1;
    const auto away = !guides ? TextCondition{} : negative ? *negative : empty_text(text);

    const Denoise denoise = [&](const Tensor& x, const Tensor& t, const Tensor& /*previous*/) {
        const auto x_start = guided(x, times.index_select(0, t), text, away, options.cond_scale)
                                 .clamp(-clip_range_, clip_range_);
        return Denoised{ x_start, spaced->predict_noise_from_start(x, t, x_start), {} };
    };
    auto x = noise.normal({ batch, image_embed_dim() }).to(text.text_embed.options());
    const auto sampler = chosen_sampler(options.sampler, steps, steps);
    if (sampler == Sampler::Ddpm)
        x = sample_ddpm(denoise, x, *spaced, noise, on_step, stop);
    else if (sampler == Sampler::Ddim)
        x = sample_ddim(denoise, x, spaced->alphas_cumprod, every_time_pair(steps), options.eta.value_or(0.),
                        noise, on_step, stop);
    else
        x = sample_dpmpp(denoise, x, spaced->alphas_cumprod, every_time_pair(steps), on_step, stop);
    return x * clip_std + clip_mean;
}

} // namespace reverie
