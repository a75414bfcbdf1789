// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/models/decoder.h"
#include "core/models/elucidated_unet.h"
#include "core/models/inpainting.h"
#include "core/nn/resize.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

namespace {

/// How one stage is sampled, every default filled in.
struct StageSampling {
    std::int64_t steps;
    Sampler sampler;
    double eta;
};

StageSampling resolved(const DecoderStage& stage, const std::vector<SamplingOptions>& overrides)
{
    const auto index = static_cast<std::size_t>(stage.number - 1);
    const SamplingOptions own;
    const auto& options = index < overrides.size() ? overrides[index] : own;
    const auto all = stage.schedule->num_timesteps();
    const auto steps = options.timesteps.value_or(stage.sample_timesteps.value_or(all));
    if (steps < 1 || steps > all)
        throw UsageError("Stage " + std::to_string(stage.number) + " takes 1 to " + std::to_string(all)
                         + " steps, not " + std::to_string(steps) + ".");
    if (stage.edm)
        return { steps, options.sampler, 0 };
    const auto sampler = chosen_sampler(options.sampler, steps, all);
    if (sampler == Sampler::Ddpm && steps < all)
        throw UsageError("The ddpm sampler takes all " + std::to_string(all)
                         + " steps of a stage; choose ddim for fewer.");
    return { steps, sampler, options.eta.value_or(stage.options->ddim_sampling_eta) };
}

/// The picture of the stage before, as this stage is shown it.
void show_lowres(DecoderStage& stage, const Tensor& previous, UnetCondition& seen, Noise& noise)
{
    const auto& options = *stage.options;
    const Range range{ options.auto_normalize_img ? 0. : -1., 1. };
    auto lowres = resize_nearest(previous, stage.image_size, range);
    if (stage.unet->options().lowres_noise_cond) {
        const auto level = static_cast<std::int64_t>(options.lowres_noise_sample_level * 1000.);
        seen.lowres_noise_level
            = torch::full({ lowres.size(0) }, level, lowres.options().dtype(torch::kInt64));
        lowres = stage.lowres->noise_image(lowres, seen.lowres_noise_level, noise).image;
    }
    seen.lowres_cond_img = stage.encoded(lowres);
}

/// As many of `steps` as a chain of that strength takes, one at least.
std::int64_t last_share(std::int64_t steps, double strength)
{
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(steps) * strength));
}

void keep_last(std::vector<TimePair>& times, double strength)
{
    times.erase(times.begin(), times.end() - last_share(static_cast<std::int64_t>(times.size()), strength));
}

/// x_t of a picture.
Tensor started(DecoderStage& stage, const Tensor& picture, const Tensor& noise, std::int64_t t)
{
    const auto x0 = stage.encoded(resize_area(picture, stage.image_size)).expand_as(noise);
    const auto times
        = torch::full({ noise.size(0) }, t, torch::TensorOptions(noise.device()).dtype(torch::kInt64));
    return stage.schedule->q_sample(x0, times, noise);
}

} // namespace

Tensor DecoderImpl::sample(std::int64_t batch, const DecoderCondition& condition,
                           const DecoderSampling& sampling, Noise& noise)
{
    return sample(batch, condition, sampling, [&](std::int64_t) -> Noise& { return noise; });
}

Tensor DecoderImpl::sample(std::int64_t batch, const DecoderCondition& condition,
                           const DecoderSampling& sampling, const BeforeStage& before_stage)
{
    torch::NoGradGuard no_grad;
    check(batch, condition, sampling);
    const auto last = sampling.stop_at_unet_number > 0 ? sampling.stop_at_unet_number : num_unets();
    Tensor image;
    if (sampling.start_at_unet_number > 1)
        image = resize_nearest(sampling.image, image_size(sampling.start_at_unet_number - 1));
    for (auto number = sampling.start_at_unet_number; number <= last && !sampling.stop.stop_requested();
         ++number) {
        image = sample_stage(stage(number), batch, condition, sampling, image, before_stage(number));
        if (sampling.on_stage && !sampling.stop.stop_requested())
            sampling.on_stage(number, image);
    }
    return image;
}

void DecoderImpl::check(std::int64_t batch, const DecoderCondition& condition,
                        const DecoderSampling& sampling) const
{
    const auto first = sampling.start_at_unet_number, last = sampling.stop_at_unet_number;
    if (first < 1 || first > num_unets() || last < 0 || last > num_unets() || (last > 0 && last < first))
        throw UsageError("This decoder has U-Nets 1 to " + std::to_string(num_unets())
                         + "; it can't start at " + std::to_string(first) + " and stop at "
                         + std::to_string(last) + ".");
    if (!options_->unconditional && first == 1 && !condition.image_embed.defined())
        throw UsageError("This decoder draws from image embeddings; give it some.");
    if (reads_text() && !condition.text_encodings.defined())
        throw UsageError("This decoder is conditioned on text; give it text encodings.");
    if (first > 1 && !sampling.image.defined())
        throw UsageError("Starting at a later U-Net needs the picture of the one before it.");
    if (first > 1 && sampling.image.size(0) != batch)
        throw UsageError("To draw " + std::to_string(batch)
                         + " pictures from a later U-Net on takes as many of the one before, not "
                         + std::to_string(sampling.image.size(0)) + ".");
    for (std::size_t i = 0; i < stages_.size(); ++i)
        if (sampling.cond_scale.at(i) != 1 && !can_guide())
            throw UsageError("This decoder was trained without dropping its conditions, so its guidance "
                             "scale must stay 1.");
    if (sampling.start_image.defined() && !(sampling.start_strength > 0 && sampling.start_strength <= 1))
        throw UsageError("The strength of a start from a picture lies above 0 and up to 1.");
    for (const auto& stage : stages_) {
        const bool drawn = stage.number >= first && (last == 0 || stage.number <= last);
        if (stage.edm && drawn && (sampling.inpaint_image.defined() || sampling.start_image.defined()))
            throw UsageError("Stage " + std::to_string(stage.number)
                             + " is elucidated, and such a stage can't start from a picture or inpaint; stop "
                               "before it, or use another model.");
    }
    check_inpainting(sampling.inpaint_image, sampling.inpaint_mask, options_->channels, batch);
}

Tensor DecoderImpl::sample_stage(DecoderStage& stage, std::int64_t batch, const DecoderCondition& condition,
                                 const DecoderSampling& sampling, const Tensor& previous, Noise& noise)
{
    const auto how = resolved(stage, sampling.stages);
    const auto placed = in_use(stage.number, OnDevice::Weights::Kept);
    const auto like = stage.unet->parameters().front().options().requires_grad(false);
    UnetCondition seen{ condition.image_embed, condition.text_encodings, {}, {}, {} };
    if (stage.lowres)
        show_lowres(stage, previous.to(like), seen, noise);
    UnetCondition away = seen;
    away.image_embed = sampling.negative.image_embed;
    away.text_encodings = sampling.negative.text_encodings;
    const bool guided_away = away.image_embed.defined() || away.text_encodings.defined();
    const auto size = stage.latent_size();
    auto x = noise.normal({ batch, stage.latent_channels(), size, size }).to(like);
    auto times = decoder_ddim_times(num_timesteps(), how.steps);
    auto full_steps = num_timesteps();
    if (sampling.start_image.defined() && stage.number == sampling.start_at_unet_number) {
        keep_last(times, sampling.start_strength);
        full_steps = last_share(full_steps, sampling.start_strength);
        x = started(stage, sampling.start_image.to(like), x,
                    how.sampler == Sampler::Ddpm ? full_steps - 1 : times.front().t);
    }

    std::optional<KeptPart> kept;
    std::optional<Repaint> repaint;
    if (sampling.inpaint_image.defined()) {
        kept.emplace(stage, sampling.inpaint_image.to(like), sampling.inpaint_mask.to(like.device()));
        repaint.emplace(kept->repaint(sampling.inpaint_resample_times, noise));
    }
    const auto* const known = repaint ? &*repaint : nullptr;
    const auto picture = [&](const Tensor& x0) {
        const auto image = stage.decoded(x0);
        return kept ? kept->pasted(image) : image;
    };

    const auto cond_scale = sampling.cond_scale.at(static_cast<std::size_t>(stage.number - 1));
    const bool self_cond = stage.unet->options().self_cond;
    const Denoise denoise = [&](const Tensor& x_t, const Tensor& t, const Tensor& previous_x0) {
        seen.self_cond = self_cond ? previous_x0 : Tensor();
        return stage.denoise(x_t, t, seen, cond_scale, guided_away ? &away : nullptr);
    };
    OnStep on_step;
    if (sampling.on_step)
        on_step = [&](std::int64_t step, std::int64_t steps, const Tensor& x0) {
            sampling.on_step(stage.number, step, steps, picture(x0));
        };
    if (stage.edm) {
        ElucidatedUnet elucidated(stage.unet, *stage.edm);
        const DenoiseSigma denoise_sigma = [&](const Tensor& x_t, double sigma, const Tensor& previous_x0) {
            seen.self_cond = self_cond ? previous_x0 : Tensor();
            const auto level = torch::full({ batch }, sigma, x_t.options());
            return stage.thresholded(
                elucidated.denoise(x_t, level, seen, cond_scale, guided_away ? &away : nullptr));
        };
        return picture(sample_elucidated(denoise_sigma, x, *stage.edm, how.steps, how.sampler, noise, on_step,
                                         sampling.stop));
    }
    const auto& schedule = stage.schedule;
    if (how.sampler == Sampler::Ddpm)
        return picture(sample_ddpm(denoise, x, *schedule, noise, on_step, sampling.stop, known, full_steps));
    if (how.sampler == Sampler::Ddim)
        return picture(sample_ddim(denoise, x, schedule->alphas_cumprod, times, how.eta, noise, on_step,
                                   sampling.stop, known));
    return picture(sample_dpmpp(denoise, x, schedule->alphas_cumprod, times, on_step, sampling.stop, known));
}

} // namespace reverie
