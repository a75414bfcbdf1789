// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/diffusion/respacing.h"
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
    // A respaced chain has no steps that are left out.
    const auto sampler = chosen_sampler(options.sampler, steps, stage.options->respaced ? steps : all);
    if (sampler == Sampler::Ddpm && steps < all && !stage.options->respaced)
        throw UsageError("The ddpm sampler takes all " + std::to_string(all)
                         + " steps of a stage; choose ddim for fewer.");
    return { steps, sampler, options.eta.value_or(stage.options->ddim_sampling_eta) };
}

/// The picture of the stage before, as this stage is shown it.
void show_lowres(DecoderStage& stage, const Tensor& previous, UnetCondition& seen, Noise& noise)
{
    const auto& options = *stage.options;
    const Range range{ options.auto_normalize_img ? 0. : -1., 1. };
    auto lowres = options.lowres_resize == "bicubic" ? resize_bicubic(previous, stage.image_size)
                                                     : resize_nearest(previous, stage.image_size, range);
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

/// x_t of a picture.
Tensor started(DecoderStage& stage, const Tensor& picture, const Tensor& noise, std::int64_t t)
{
    const auto x0 = stage.encoded(resize_area(picture, stage.image_size)).expand_as(noise);
    const auto times
        = torch::full({ noise.size(0) }, t, torch::TensorOptions(noise.device()).dtype(torch::kInt64));
    return stage.schedule->q_sample(x0, times, noise);
}

/// One stage being drawn: where its chain stands and what it has to keep to.
class StageChain
{
public:
    StageChain(DecoderStage& stage, const StageSampling& how, const DecoderSampling& sampling, Tensor x,
               Noise& noise)
        : stage_(stage)
        , how_(how)
        , sampling_(sampling)
        , x_(std::move(x))
        , noise_(noise)
        , times_(stage.options->respaced ? every_time_pair(how.steps)
                                         : decoder_ddim_times(stage.schedule->num_timesteps(), how.steps))
        , full_steps_(stage.schedule->num_timesteps())
    {
        if (sampling.start_image.defined() && sampling.start_strength < 1)
            start_from_picture();
        if (sampling.inpaint_image.defined()) {
            kept_.emplace(stage, sampling.inpaint_image.to(x_.options()),
                          sampling.inpaint_mask.to(x_.device()));
            repaint_.emplace(kept_->repaint(sampling.inpaint_resample_times, noise));
        }
    }

    /// Pictures of the stage. `seen` and `away` as DecoderStage::denoise's condition and negative.
    Tensor drawn(UnetCondition seen, double cond_scale, const UnetCondition& away)
    {
        const bool guided_away
            = away.image_embed.defined() || away.text_encodings.defined() || away.text_embed.defined();
        const auto* const negative = guided_away ? &away : nullptr;
        const bool self_cond = stage_.unet->options().self_cond;
        if (stage_.edm) {
            ElucidatedUnet elucidated(stage_.unet, *stage_.edm);
            const DenoiseSigma denoise = [&](const Tensor& x, double sigma, const Tensor& previous_x0) {
                seen.self_cond = self_cond ? previous_x0 : Tensor();
                const auto level = torch::full({ x.size(0) }, sigma, x.options());
                return stage_.thresholded(elucidated.denoise(x, level, seen, cond_scale, negative));
            };
            return picture(sample_elucidated(denoise, x_, *stage_.edm, how_.steps, how_.sampler, noise_,
                                             on_step(), sampling_.stop));
        }
        return picture(walked([&](const Tensor& x, const Tensor& t, const Tensor& previous_x0) {
            seen.self_cond = self_cond ? previous_x0 : Tensor();
            return stage_.denoise(x, t, seen, cond_scale, negative);
        }));
    }

private:
    void start_from_picture()
    {
        const auto strength = sampling_.start_strength;
        times_.erase(times_.begin(),
                     times_.end() - last_share(static_cast<std::int64_t>(times_.size()), strength));
        full_steps_ = last_share(full_steps_, strength);
        x_ = started(stage_, sampling_.start_image.to(x_.options()), x_,
                     how_.sampler == Sampler::Ddpm ? full_steps_ - 1 : times_.front().t);
    }

    Tensor walked(const Denoise& denoise)
    {
        const auto& schedule = *stage_.schedule;
        const auto* const known = repaint_ ? &*repaint_ : nullptr;
        if (how_.sampler == Sampler::Ddpm)
            return sample_ddpm(denoise, x_, schedule, noise_, on_step(), sampling_.stop, known, full_steps_);
        if (how_.sampler == Sampler::Ddim)
            return sample_ddim(denoise, x_, schedule.alphas_cumprod, times_, how_.eta, noise_, on_step(),
                               sampling_.stop, known);
        return sample_dpmpp(denoise, x_, schedule.alphas_cumprod, times_, on_step(), sampling_.stop, known);
    }

    [[nodiscard]] Tensor picture(const Tensor& x0) const
    {
        const auto image = stage_.decoded(x0);
        return kept_ ? kept_->pasted(image) : image;
    }

    [[nodiscard]] OnStep on_step() const
    {
        if (!sampling_.on_step)
            return {};
        return [this](std::int64_t step, std::int64_t steps, const Tensor& x0) {
            sampling_.on_step(stage_.number, step, steps, picture(x0));
        };
    }

    DecoderStage& stage_;
    StageSampling how_;
    const DecoderSampling& sampling_;
    Tensor x_;
    Noise& noise_;
    std::vector<TimePair> times_;
    std::int64_t full_steps_; ///< of an ancestral chain
    std::optional<KeptPart> kept_;
    std::optional<Repaint> repaint_;
};

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

UnetCondition DecoderImpl::away_from(const DecoderStage& stage, const UnetCondition& seen,
                                     const DecoderSampling& sampling) const
{
    auto away = seen;
    away.image_embed = sampling.negative.image_embed;
    away.text_encodings = sampling.negative.text_encodings;
    away.text_embed = sampling.negative.text_embed;
    const auto cond_scale = sampling.cond_scale.at(static_cast<std::size_t>(stage.number - 1));
    if (stage.unet->guided_by_empty_text() && cond_scale != 1 && !away.text_embed.defined()) {
        if (!clip_)
            throw UsageError("Stage " + std::to_string(stage.number)
                             + " is guided away from the empty text, which takes a CLIP; build the decoder "
                               "with one, or give a negative condition.");
        const auto empty = clip_->embed_empty_text(seen.text_encodings.size(0));
        const auto missing = seen.text_encodings.size(1) - empty.text_encodings.size(1);
        away.text_embed = empty.text_embed.to(seen.text_encodings.options());
        away.text_encodings = torch::constant_pad_nd(empty.text_encodings, { 0, 0, 0, missing })
                                  .to(seen.text_encodings.options());
    }
    return away;
}

Tensor DecoderImpl::sample_stage(DecoderStage& stage, std::int64_t batch, const DecoderCondition& condition,
                                 const DecoderSampling& sampling, const Tensor& previous, Noise& noise)
{
    const auto how = resolved(stage, sampling.stages);
    if (options_->respaced && !stage.edm && how.steps < stage.schedule->num_timesteps()) {
        auto respaced = stage.respaced(how.steps);
        return sample_stage(respaced, batch, condition, sampling, previous, noise);
    }
    const auto placed = in_use(stage.number, OnDevice::Weights::Kept);
    const auto like = stage.unet->parameters().front().options().requires_grad(false);
    UnetCondition seen{ condition.image_embed, condition.text_encodings, {}, {}, {}, condition.text_embed };
    if (stage.lowres)
        show_lowres(stage, previous.to(like), seen, noise);
    const auto away = away_from(stage, seen, sampling);
    const auto size = stage.latent_size();
    const auto x = noise.normal({ batch, stage.latent_channels(), size, size }).to(like);
    const auto cond_scale = sampling.cond_scale.at(static_cast<std::size_t>(stage.number - 1));
    return StageChain(stage, how, sampling, x, noise).drawn(seen, cond_scale, away);
}

} // namespace reverie
