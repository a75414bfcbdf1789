// SPDX-License-Identifier: MIT
#include "core/models/decoder.h"

#include "core/base/error.h"
#include "core/models/adm_unet.h"
#include "core/models/decoder_checks.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

namespace {

std::string schedule_of(const DecoderOptions& options, std::size_t index, std::size_t stages)
{
    // Without options, the last of several U-Nets is linear and all others are cosine.
    const auto fallback = stages > 1 && index + 1 == stages ? "linear" : "cosine";
    return options.beta_schedule.at(index).value_or(fallback);
}

/// Options of later stages may be listed with or without a place for the first.
bool of_later_stage(const PerStage<bool>& option, std::size_t index, std::size_t stages)
{
    if (index == 0)
        return false;
    return option.at(option.is_list() && option.values().size() < stages ? index - 1 : index);
}

bool learns_variance(const DecoderOptions& options, std::size_t index)
{
    if (!options.learned_variance)
        return index == 0 && !options.elucidated.at(index);
    const auto& listed = options.learned_variance->values();
    return index < listed.size() && listed[index];
}

/// A frozen autoencoder without what only its own training needs.
VQGanVAE frozen_vae(VQGanVAEOptions options)
{
    options.use_vgg_and_gan = false;
    VQGanVAE vae(options);
    for (auto& parameter : vae->parameters())
        parameter.set_requires_grad(false);
    vae->eval();
    return vae;
}

} // namespace

DecoderImpl::DecoderImpl(const DecoderOptions& options, const std::vector<UnetOptions>& unets,
                         std::shared_ptr<Clip> clip)
    : options_(std::make_shared<const DecoderOptions>(options))
    , clip_(std::move(clip))
{
    const auto sizes = stage_sizes(options, unets.size(), clip_.get());
    check_decoder_options(options, unets, sizes, clip_.get());
    for (std::size_t i = 0; i < unets.size(); ++i) {
        add_stage(unets[i], i, sizes);
        check_stage(stages_.back(), schedule_of(options, i, unets.size()));
    }
    const auto children = [this](const char* name, auto member) {
        auto list = register_module(name, std::make_shared<torch::nn::Module>());
        for (const auto& stage : stages_)
            if (stage.*member)
                list->register_module(std::to_string(stage.number - 1), stage.*member);
    };
    children("unets", &DecoderStage::unet);
    children("vaes", &DecoderStage::vae);
    children("noise_schedulers", &DecoderStage::schedule);
    children("lowres_conds", &DecoderStage::lowres);
    if (clip_)
        clip_->eval();
}

void DecoderImpl::add_stage(UnetOptions unet, std::size_t index, const std::vector<std::int64_t>& sizes)
{
    const auto& o = *options_;
    const auto stages = sizes.size();
    const bool first = index == 0;
    DecoderStage stage;
    stage.number = static_cast<std::int64_t>(index) + 1;
    stage.image_size = sizes[index];
    stage.channels = o.channels;
    stage.options = options_;
    if (index < o.vaes.size() && o.vaes[index])
        stage.vae = frozen_vae(*o.vaes[index]);
    stage.learned_variance = learns_variance(o, index);
    stage.predict_v = o.predict_v.at(index);
    stage.predict_x_start
        = o.predict_x_start_for_latent_diffusion ? bool(stage.vae) : o.predict_x_start.at(index);
    stage.sample_timesteps = o.sample_timesteps.at(index);
    stage.random_crop_size = o.random_crop_sizes.at(index);
    if (o.elucidated.at(index)) {
        stage.edm = o.edm.at(index);
        if (!stage.sample_timesteps)
            stage.sample_timesteps = std::min(stage.edm->num_sample_steps, o.timesteps);
    }

    unet.lowres_cond = !first;
    unet.lowres_noise_cond = of_later_stage(o.use_noise_for_lowres_cond, index, stages);
    unet.cond_on_image_embeds = first && !o.unconditional;
    unet.cond_on_text_encodings = unet.cond_on_text_encodings && !o.unconditional;
    unet.channels = stage.latent_channels();
    unet.channels_out = unet.channels * (stage.learned_variance ? 2 : 1);
    if (!unet.image_size && (unet.cross_attn_resolution || !unet.attn_resolutions.empty()))
        unet.image_size = stage.latent_size();
    stage.unet = make_unet(unet);
    stage.schedule
        = NoiseSchedule(NoiseScheduleOptions{ .beta_schedule = schedule_of(o, index, stages),
                                              .timesteps = o.timesteps,
                                              .loss_type = o.loss_type,
                                              .p2_loss_weight_gamma = o.p2_loss_weight_gamma.at(index),
                                              .p2_loss_weight_k = o.p2_loss_weight_k });
    if (!first)
        stage.lowres = lowres_conditioner(index, stages);
    stages_.push_back(stage);
}

LowresConditioner DecoderImpl::lowres_conditioner(std::size_t index, std::size_t stages) const
{
    const auto& o = *options_;
    return LowresConditioner(LowresConditionerOptions{
        .downsample_first = o.lowres_downsample_first,
        .use_blur = of_later_stage(o.use_blur_for_lowres_cond, index, stages),
        .blur_prob = o.blur_prob,
        .blur_sigma = o.blur_sigma.values(),
        .blur_kernel_size = o.blur_kernel_size.values(),
        .use_noise = of_later_stage(o.use_noise_for_lowres_cond, index, stages),
        .normalized_noise = o.auto_normalize_img,
        .input_image_range = { o.auto_normalize_img ? 0. : -1., 1. },
    });
}

void DecoderImpl::train(bool on)
{
    torch::nn::Module::train(on);
    for (auto& stage : stages_)
        if (stage.vae)
            stage.vae->eval();
}

void DecoderImpl::to(torch::Device device, bool non_blocking)
{
    device_ = device;
    if (!options_->offload_unets)
        return torch::nn::Module::to(device, non_blocking);
    for (auto& stage : stages_) {
        stage.schedule->to(device, non_blocking);
        if (stage.vae)
            stage.vae->to(device, non_blocking);
        if (stage.lowres)
            stage.lowres->to(device, non_blocking);
    }
}

OnDevice DecoderImpl::in_use(std::int64_t unet_number, OnDevice::Weights weights)
{
    auto& unet = *stage(unet_number).unet;
    return OnDevice(unet, options_->offload_unets ? device_ : unet.parameters().front().device(), weights);
}

std::int64_t DecoderImpl::image_size(std::int64_t unet_number) const
{
    return stages_.at(static_cast<std::size_t>(unet_number - 1)).image_size;
}

bool DecoderImpl::can_guide() const
{
    return !options_->unconditional
        && (options_->image_cond_drop_prob > 0 || options_->text_cond_drop_prob > 0);
}

bool DecoderImpl::reads_text() const
{
    return std::any_of(stages_.begin(), stages_.end(), [](const DecoderStage& stage) {
        return stage.unet->options().cond_on_text_encodings;
    });
}

DecoderStage& DecoderImpl::stage(std::int64_t unet_number)
{
    if (unet_number < 1 || unet_number > num_unets())
        throw UsageError("This decoder has U-Nets 1 to " + std::to_string(num_unets()) + ", not "
                         + std::to_string(unet_number) + ".");
    return stages_[static_cast<std::size_t>(unet_number - 1)];
}

} // namespace reverie
