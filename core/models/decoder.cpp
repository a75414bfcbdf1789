// SPDX-License-Identifier: MIT
#include "core/models/decoder.h"

#include "core/base/error.h"
#include "core/diffusion/likelihood.h"
#include "core/diffusion/samplers.h"
#include "core/nn/resize.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reverie {

namespace {

UnetOptions placed_in_cascade(UnetOptions unet, bool first, const DecoderOptions& decoder,
                              bool learned_variance)
{
    unet.lowres_cond = !first;
    unet.lowres_noise_cond = !first && decoder.use_noise_for_lowres_cond;
    unet.cond_on_image_embeds = first && !decoder.unconditional;
    unet.cond_on_text_encodings = unet.cond_on_text_encodings && !decoder.unconditional;
    unet.channels = decoder.channels;
    unet.channels_out = decoder.channels * (learned_variance ? 2 : 1);
    return unet;
}

std::vector<std::int64_t> sizes_of(const DecoderOptions& options, std::size_t unets, const Clip* clip)
{
    auto sizes = options.image_sizes;
    if (sizes.empty() && options.image_size)
        sizes = { *options.image_size };
    if (sizes.empty() && clip)
        sizes = { clip->image_size() };
    std::sort(sizes.begin(), sizes.end());
    sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    if (sizes.size() != unets)
        throw UsageError("decoder.image_sizes must give one size for each of the " + std::to_string(unets)
                         + " U-Nets, in ascending order.");
    return sizes;
}

std::string schedule_of(const DecoderOptions& options, std::size_t stage, std::size_t unets)
{
    // Without options, the last of several U-Nets is linear and all others are cosine.
    const auto fallback = unets > 1 && stage + 1 == unets ? "linear" : "cosine";
    return options.beta_schedule.at(stage).value_or(fallback);
}

using Boxes = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// Left and top of a square in each picture.
Boxes random_boxes(std::int64_t batch, std::int64_t size, std::int64_t crop, Noise& noise)
{
    const auto x = noise.uniform({ batch }), y = noise.uniform({ batch });
    const auto start = [&](const Tensor& u, std::int64_t i) {
        return static_cast<std::int64_t>(
            std::floor(u[i].item<float>() * static_cast<float>(size - crop + 1)));
    };
    Boxes boxes;
    for (std::int64_t i = 0; i < batch; ++i)
        boxes.emplace_back(start(x, i), start(y, i));
    return boxes;
}

Tensor cropped(const Tensor& image, const Boxes& boxes, std::int64_t crop)
{
    std::vector<Tensor> crops;
    for (std::size_t i = 0; i < boxes.size(); ++i)
        crops.push_back(image[static_cast<std::int64_t>(i)]
                            .slice(1, boxes[i].second, boxes[i].second + crop)
                            .slice(2, boxes[i].first, boxes[i].first + crop));
    return torch::stack(crops);
}

} // namespace

Tensor dynamic_threshold(const Tensor& x_start, std::optional<double> percentile)
{
    if (!percentile)
        return x_start.clamp(-1, 1);
    auto s = torch::quantile(x_start.flatten(1).abs(), *percentile, -1).clamp_min(1.); // (b)
    s = s.view({ -1, 1, 1, 1 });
    return torch::minimum(torch::maximum(x_start, -s), s) / s;
}

/// One U-Net of the cascade with all that its chain needs.
struct DecoderImpl::Stage {
    Unet unet{ nullptr };
    NoiseSchedule schedule{ nullptr };
    LowresConditioner lowres{ nullptr };
    std::int64_t image_size = 0;
    bool learned_variance = false, predict_x_start = false, predict_v = false;
    std::optional<std::int64_t> sample_timesteps, random_crop_size;
    std::optional<double> threshold_percentile;
    bool constrain_frac = false;

    Tensor x_start(const Tensor& x, const Tensor& t, const Tensor& prediction) const
    {
        if (predict_v)
            return schedule->predict_start_from_v(x, t, prediction);
        return predict_x_start ? prediction : schedule->predict_start_from_noise(x, t, prediction);
    }

    /// Interpolates between the two bounds of the reverse variance (Nichol & Dhariwal 2021, eq. 15).
    Tensor log_variance(const Tensor& fraction, const Tensor& t) const
    {
        auto share = (fraction + 1) * 0.5;
        if (constrain_frac)
            share = share.sigmoid();
        const auto low = extract(schedule->posterior_log_variance_clipped, t, fraction);
        const auto high = extract(schedule->betas.log(), t, fraction);
        return share * high + (1 - share) * low;
    }

    Denoised denoise(const Tensor& x, const Tensor& t, const UnetCondition& condition, double cond_scale)
    {
        auto output = unet->forward_with_cond_scale(x, t, condition, cond_scale);
        Tensor log_var;
        if (learned_variance) {
            const auto parts = output.chunk(2, 1);
            output = parts[0];
            log_var = log_variance(parts[1], t);
        }
        const auto x0 = dynamic_threshold(x_start(x, t, output), threshold_percentile);
        return { x0, schedule->predict_noise_from_start(x, t, x0), log_var };
    }

    /// The variational bound, which trains the variance only (Nichol & Dhariwal 2021, eq. 16). As in the
    /// reference, the prediction counts as noise here whatever the objective is; its mean is detached, so
    /// this matters little.
    Tensor variational_bound(const Tensor& x0, const Tensor& x_t, const Tensor& t, const Tensor& prediction,
                             const Tensor& fraction) const
    {
        const auto in_bits = [](const Tensor& nats) { return nats.flatten(1).mean(-1) / std::numbers::ln2; };
        const auto truth = schedule->q_posterior(x0, x_t, t);
        const auto model
            = schedule->q_posterior(schedule->predict_start_from_noise(x_t, t, prediction), x_t, t);
        const auto mean = model.mean.detach();
        const auto log_var = log_variance(fraction, t);
        const auto kl = in_bits(normal_kl(truth.mean, truth.log_variance, mean, log_var));
        const auto nll = in_bits(-discretized_gaussian_log_likelihood(x0, mean, 0.5 * log_var));
        return torch::where(t == 0, nll, kl).mean();
    }
};

DecoderImpl::DecoderImpl(const DecoderOptions& options, const std::vector<UnetOptions>& unets,
                         std::shared_ptr<Clip> clip)
    : options_(options)
    , image_sizes_(sizes_of(options, unets.size(), clip.get()))
    , clip_(std::move(clip))
{
    if (options.downsample != "nearest" && options.downsample != "area")
        throw UsageError("decoder.downsample must be nearest or area, not " + options.downsample + ".");
    auto modules = register_module("unets", torch::nn::ModuleList());
    auto schedules = register_module("noise_schedulers", torch::nn::ModuleList());
    auto lowres_conds = register_module("lowres_conds", std::make_shared<torch::nn::Module>());
    for (std::size_t i = 0; i < unets.size(); ++i) {
        learned_variance_.push_back(options.learned_variance ? options.learned_variance->at(i) : i == 0);
        unets_.emplace_back(placed_in_cascade(unets[i], i == 0, options, learned_variance_.back()));
        noise_schedulers_.emplace_back(
            NoiseScheduleOptions{ .beta_schedule = schedule_of(options, i, unets.size()),
                                  .timesteps = options.timesteps,
                                  .loss_type = options.loss_type,
                                  .p2_loss_weight_gamma = options.p2_loss_weight_gamma,
                                  .p2_loss_weight_k = options.p2_loss_weight_k });
        modules->push_back(unets_.back());
        schedules->push_back(noise_schedulers_.back());
        lowres_conds_.emplace_back(nullptr);
        if (i == 0)
            continue;
        lowres_conds_.back() = LowresConditioner(LowresConditionerOptions{
            .downsample_first = options.lowres_downsample_first,
            .use_blur = options.use_blur_for_lowres_cond,
            .blur_prob = options.blur_prob,
            .blur_sigma = options.blur_sigma.values(),
            .blur_kernel_size = options.blur_kernel_size.values(),
            .use_noise = options.use_noise_for_lowres_cond,
            .normalized_noise = options.auto_normalize_img,
            .input_image_range = { options.auto_normalize_img ? 0. : -1., 1. },
        });
        lowres_conds->register_module(std::to_string(i), lowres_conds_.back());
    }
    if (clip_)
        clip_->eval();
}

std::int64_t DecoderImpl::image_size(std::int64_t unet_number) const
{
    return image_sizes_.at(static_cast<std::size_t>(unet_number - 1));
}

bool DecoderImpl::can_guide() const
{
    return !options_.unconditional && (options_.image_cond_drop_prob > 0 || options_.text_cond_drop_prob > 0);
}

bool DecoderImpl::reads_text() const
{
    return std::any_of(unets_.begin(), unets_.end(),
                       [](const Unet& unet) { return unet->options().cond_on_text_encodings; });
}

DecoderImpl::Stage DecoderImpl::stage(std::int64_t unet_number) const
{
    if (unet_number < 1 || unet_number > num_unets())
        throw UsageError("This decoder has U-Nets 1 to " + std::to_string(num_unets()) + ", not "
                         + std::to_string(unet_number) + ".");
    const auto i = static_cast<std::size_t>(unet_number - 1);
    return { .unet = unets_[i],
             .schedule = noise_schedulers_[i],
             .lowres = lowres_conds_[i],
             .image_size = image_sizes_[i],
             .learned_variance = learned_variance_[i],
             .predict_x_start = options_.predict_x_start.at(i),
             .predict_v = options_.predict_v.at(i),
             .sample_timesteps = options_.sample_timesteps.at(i),
             .random_crop_size = options_.random_crop_sizes.at(i),
             .threshold_percentile
             = options_.use_dynamic_thres ? std::optional(options_.dynamic_thres_percentile) : std::nullopt,
             .constrain_frac = options_.learned_variance_constrain_frac };
}

Tensor DecoderImpl::normalized(const Tensor& image) const
{
    return options_.auto_normalize_img && image.defined() ? image * 2 - 1 : image;
}

Tensor DecoderImpl::unnormalized(const Tensor& image) const
{
    return options_.auto_normalize_img ? (image + 1) * 0.5 : image;
}

DecoderLoss DecoderImpl::loss(const Tensor& image, std::int64_t unet_number, DecoderCondition condition,
                              Noise& noise, const Tensor& text)
{
    auto stage = this->stage(unet_number);
    const auto b = image.size(0);
    const auto t = noise.integers(num_timesteps(), b).to(image.device());
    complete_condition(condition, image, text, noise);

    DecoderLoss result;
    LowresConditionerImpl::Result lowres;
    const auto shrunk = [&](std::int64_t size) {
        return options_.downsample == "area" ? resize_area(image, size) : resize_nearest(image, size);
    };
    if (stage.lowres) {
        lowres = stage.lowres->forward(
            options_.downsample == "area" ? shrunk(image_size(unet_number - 1)) : image,
            { .target_image_size = stage.image_size, .downsample_image_size = image_size(unet_number - 1) },
            noise);
    }
    auto picture = shrunk(stage.image_size);
    if (stage.random_crop_size) {
        const auto boxes = random_boxes(b, stage.image_size, *stage.random_crop_size, noise);
        picture = cropped(picture, boxes, *stage.random_crop_size);
        lowres.image
            = lowres.image.defined() ? cropped(lowres.image, boxes, *stage.random_crop_size) : lowres.image;
    }

    result.lowres_cond_image = lowres.image;

    const auto x_start = normalized(picture); // (b, c, s, s)
    const auto epsilon = noise.normal(x_start.sizes()).to(x_start.options());
    const auto x_t = stage.schedule->q_sample(x_start, t, epsilon);
    UnetCondition seen{
        condition.image_embed, condition.text_encodings, normalized(lowres.image), lowres.noise_level, {}
    };
    if (stage.unet->options().self_cond && noise.coin() < 0.5) {
        torch::NoGradGuard no_grad;
        const auto estimate = stage.unet->forward(x_t, t, seen);
        seen.self_cond = stage.learned_variance ? estimate.chunk(2, 1)[0] : estimate;
    }
    const DropProbs drop{ .text = options_.text_cond_drop_prob, .image = options_.image_cond_drop_prob };
    const auto output = stage.unet->forward(x_t, t, seen, drop, &noise);
    const auto parts = stage.learned_variance ? output.chunk(2, 1) : std::vector<Tensor>{ output };
    const auto target = stage.predict_v ? stage.schedule->calculate_v(x_start, t, epsilon)
        : stage.predict_x_start         ? x_start
                                        : epsilon;
    const auto each = stage.schedule->elementwise_loss(parts[0], target).flatten(1).mean(-1); // (b)
    result.loss = stage.schedule->p2_reweigh_loss(each, t).mean();
    if (stage.learned_variance)
        result.loss = result.loss
            + options_.vb_loss_weight * stage.variational_bound(x_start, x_t, t, parts[0], parts[1]);
    return result;
}

void DecoderImpl::complete_condition(DecoderCondition& condition, const Tensor& image, const Tensor& text,
                                     Noise& noise)
{
    if (options_.unconditional)
        return;
    torch::NoGradGuard no_grad;
    if (!condition.image_embed.defined()) {
        if (!clip_)
            throw UsageError("This decoder has no CLIP; give it image embeddings.");
        condition.image_embed = clip_->embed_image(image, &noise).image_embed;
    }
    if (text.defined() && !condition.text_encodings.defined() && clip_)
        condition.text_encodings = clip_->embed_text(text).text_encodings;
    if (reads_text() && !condition.text_encodings.defined())
        throw UsageError("This decoder is conditioned on text; give it text or text encodings.");
}

Tensor DecoderImpl::sample(std::int64_t batch, const DecoderCondition& condition,
                           const DecoderSampling& sampling, Noise& noise)
{
    return sample(batch, condition, sampling, [&](std::int64_t) -> Noise& { return noise; });
}

Tensor DecoderImpl::sample(std::int64_t batch, const DecoderCondition& condition,
                           const DecoderSampling& sampling, const BeforeStage& before_stage)
{
    torch::NoGradGuard no_grad;
    check(condition, sampling);
    const auto last = sampling.stop_at_unet_number > 0 ? sampling.stop_at_unet_number : num_unets();
    Tensor image;
    if (sampling.start_at_unet_number > 1)
        image = resize_nearest(sampling.image, image_size(sampling.start_at_unet_number - 1));
    for (auto number = sampling.start_at_unet_number; number <= last && !sampling.stop.stop_requested();
         ++number) {
        image = sample_stage(number, batch, condition, sampling, image, before_stage(number));
        if (sampling.on_stage && !sampling.stop.stop_requested())
            sampling.on_stage(number, image);
    }
    return image;
}

void DecoderImpl::check(const DecoderCondition& condition, const DecoderSampling& sampling) const
{
    if (!options_.unconditional && sampling.start_at_unet_number == 1 && !condition.image_embed.defined())
        throw UsageError("This decoder draws from image embeddings; give it some.");
    if (reads_text() && !condition.text_encodings.defined())
        throw UsageError("This decoder is conditioned on text; give it text encodings.");
    if (sampling.start_at_unet_number < 1 || sampling.start_at_unet_number > num_unets())
        throw UsageError("This decoder has U-Nets 1 to " + std::to_string(num_unets()) + ".");
    if (sampling.start_at_unet_number > 1 && !sampling.image.defined())
        throw UsageError("Starting at a later U-Net needs the picture of the one before it.");
    for (std::size_t i = 0; i < unets_.size(); ++i)
        if (sampling.cond_scale.at(i) != 1 && !can_guide())
            throw UsageError("This decoder was trained without dropping its conditions, so its guidance "
                             "scale must stay 1.");
}

Tensor DecoderImpl::sample_stage(std::int64_t number, std::int64_t batch, const DecoderCondition& condition,
                                 const DecoderSampling& sampling, const Tensor& previous, Noise& noise)
{
    auto stage = this->stage(number);
    const auto index = static_cast<std::size_t>(number - 1);
    const auto options = index < sampling.stages.size() ? sampling.stages[index] : SamplingOptions{};
    const auto steps = options.timesteps.value_or(stage.sample_timesteps.value_or(num_timesteps()));
    if (steps < 1 || steps > num_timesteps())
        throw UsageError("Stage " + std::to_string(number) + " takes 1 to " + std::to_string(num_timesteps())
                         + " steps, not " + std::to_string(steps) + ".");
    const auto sampler = chosen_sampler(options.sampler, steps, num_timesteps());
    if (sampler == Sampler::Ddpm && steps < num_timesteps())
        throw UsageError("The ddpm sampler takes all " + std::to_string(num_timesteps())
                         + " steps of a stage; choose ddim for fewer.");

    const auto like = stage.unet->parameters().front().options().requires_grad(false);
    UnetCondition seen{ condition.image_embed, condition.text_encodings, {}, {}, {} };
    if (stage.lowres) {
        const Range range{ options_.auto_normalize_img ? 0. : -1., 1. };
        auto lowres = resize_nearest(previous, stage.image_size, range);
        if (options_.use_noise_for_lowres_cond) {
            const auto level = static_cast<std::int64_t>(options_.lowres_noise_sample_level * 1000.);
            seen.lowres_noise_level = torch::full({ batch }, level, like.dtype(torch::kInt64));
            lowres = stage.lowres->noise_image(lowres, seen.lowres_noise_level, noise).image;
        }
        seen.lowres_cond_img = normalized(lowres);
    }
    const auto x = noise.normal({ batch, options_.channels, stage.image_size, stage.image_size }).to(like);
    const bool self_cond = stage.unet->options().self_cond;
    const Denoise denoise = [&](const Tensor& x_t, const Tensor& t, const Tensor& previous_x0) {
        seen.self_cond = self_cond ? previous_x0 : Tensor();
        return stage.denoise(x_t, t, seen, sampling.cond_scale.at(index));
    };
    const OnStep on_step = [&](std::int64_t step, std::int64_t count, const Tensor& x0) {
        if (sampling.on_step)
            sampling.on_step(number, step, count, unnormalized(x0));
    };
    const auto times = decoder_ddim_times(num_timesteps(), steps);
    const auto& alphas = stage.schedule->alphas_cumprod;
    Tensor result;
    if (sampler == Sampler::Ddpm)
        result = sample_ddpm(denoise, x, *stage.schedule, noise, on_step, sampling.stop);
    else if (sampler == Sampler::Ddim)
        result = sample_ddim(denoise, x, alphas, times, options.eta.value_or(options_.ddim_sampling_eta),
                             noise, on_step, sampling.stop);
    else
        result = sample_dpmpp(denoise, x, alphas, times, on_step, sampling.stop);
    return unnormalized(result);
}

} // namespace reverie
