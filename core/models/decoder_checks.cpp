// SPDX-License-Identifier: MIT
#include "core/models/decoder_checks.h"

#include "core/base/error.h"
#include "core/diffusion/elucidated.h"

#include <torch/torch.h>

namespace reverie {

namespace {

std::string text(std::int64_t value)
{
    return std::to_string(value);
}

[[noreturn]] void refuse(const std::string& why)
{
    throw UsageError("This decoder can't be built: " + why + ".");
}

template <class T>
void check_length(const PerStage<T>& option, const char* name, std::size_t least, std::size_t most)
{
    const auto given = option.values().size();
    if (option.is_list() && (given < least || given > most))
        refuse("decoder." + std::string(name) + " lists " + std::to_string(given) + " values for "
               + std::to_string(most) + " U-Nets");
}

void check_lengths(const DecoderOptions& o, std::size_t unets)
{
    check_length(o.sample_timesteps, "sample_timesteps", unets, unets);
    check_length(o.beta_schedule, "beta_schedule", unets, unets);
    check_length(o.predict_x_start, "predict_x_start", unets, unets);
    check_length(o.predict_v, "predict_v", unets, unets);
    check_length(o.random_crop_sizes, "random_crop_sizes", unets, unets);
    check_length(o.elucidated, "elucidated", unets, unets);
    check_length(o.edm, "edm", unets, unets);
    check_length(o.p2_loss_weight_gamma, "p2_loss_weight_gamma", unets, unets);
    check_length(o.use_noise_for_lowres_cond, "use_noise_for_lowres_cond", unets - 1, unets);
    check_length(o.use_blur_for_lowres_cond, "use_blur_for_lowres_cond", unets - 1, unets);
    if (o.learned_variance)
        check_length(*o.learned_variance, "learned_variance", 0, unets);
    if (o.vaes.size() > unets)
        refuse("decoder.vaes lists " + std::to_string(o.vaes.size()) + " autoencoders for "
               + std::to_string(unets) + " U-Nets");
}

/// An elucidated stage predicts what its preconditioning says, weighs the loss itself and learns no variance.
void check_elucidated(const DecoderOptions& o, std::size_t index)
{
    const auto unlike = [&](bool claimed, const std::string& option, const std::string& value) {
        if (claimed)
            refuse("stage " + std::to_string(index + 1) + " is elucidated and " + option + " is " + value
                   + " for it; leave one of the two out");
    };
    unlike(o.predict_v.at(index), "predict_v", "true");
    unlike(o.predict_x_start.at(index), "predict_x_start", "true");
    unlike(o.p2_loss_weight_gamma.at(index) > 0, "p2_loss_weight_gamma", "set");
    unlike(o.loss_type != "l2", "loss_type", o.loss_type);
    const auto variance = o.learned_variance.value_or(false).values();
    unlike(index < variance.size() && variance[index], "learned_variance", "true");
    check(o.edm.at(index));
    if (const auto steps = o.edm.at(index).num_sample_steps; steps < 1)
        refuse("stage " + std::to_string(index + 1) + " is sampled in " + text(steps) + " steps");
}

void check_against_clip(const DecoderOptions& o, const std::vector<UnetOptions>& unets, const Clip& clip)
{
    if (o.channels != clip.image_channels())
        refuse("its pictures have " + text(o.channels) + " channels, CLIP's " + text(clip.image_channels()));
    if (unets[0].image_embed_dim && *unets[0].image_embed_dim != clip.dim_latent())
        refuse("its first U-Net reads image embeddings of " + text(*unets[0].image_embed_dim)
               + " numbers, but CLIP's have " + text(clip.dim_latent()));
}

} // namespace

std::vector<std::int64_t> stage_sizes(const DecoderOptions& options, std::size_t unets, const Clip* clip)
{
    if (unets == 0)
        refuse("it has no U-Nets");
    auto sizes = options.image_sizes;
    if (options.image_size && !sizes.empty())
        refuse("image_size (" + text(*options.image_size) + ") and image_sizes (of " + text(sizes.front())
               + " first) are both given");
    if (sizes.empty() && options.image_size)
        sizes = { *options.image_size };
    if (sizes.empty() && clip)
        sizes = { clip->image_size() };
    if (sizes.size() != unets)
        refuse("decoder.image_sizes gives " + std::to_string(sizes.size()) + " sizes for "
               + std::to_string(unets) + " U-Nets");
    for (std::size_t i = 1; i < sizes.size(); ++i)
        if (sizes[i] <= sizes[i - 1])
            refuse("stage " + std::to_string(i + 1) + " has a side of " + text(sizes[i]) + " after one of "
                   + text(sizes[i - 1]) + "; stages must grow");
    return sizes;
}

void check_decoder_options(const DecoderOptions& o, const std::vector<UnetOptions>& unets,
                           const std::vector<std::int64_t>& image_sizes, const Clip* clip)
{
    if (o.downsample != "nearest" && o.downsample != "area")
        refuse("decoder.downsample must be nearest or area, not " + o.downsample);
    if (o.lowres_resize != "nearest" && o.lowres_resize != "bicubic")
        refuse("decoder.lowres_resize must be nearest or bicubic, not " + o.lowres_resize);
    if (unets[0].lowres_cond)
        refuse("lowres_cond is true in the first U-Net, which has no stage before it, and must be false");
    check_lengths(o, unets.size());
    if (clip && !o.unconditional)
        check_against_clip(o, unets, *clip);
    for (std::size_t i = 0; i < unets.size(); ++i) {
        const auto stage = "stage " + std::to_string(i + 1);
        if (o.elucidated.at(i))
            check_elucidated(o, i);
        if (const auto steps = o.sample_timesteps.at(i); steps && (*steps < 1 || *steps > o.timesteps))
            refuse(stage + " is sampled in " + text(*steps) + " steps, but trained on " + text(o.timesteps));
        const auto crop = o.random_crop_sizes.at(i);
        if (crop && i == 0)
            refuse("random_crop_sizes asks for crops of " + text(*crop)
                   + " in the first stage, which draws "
                     "the whole picture; it must be null there");
        if (crop && *crop > image_sizes[i])
            refuse("random_crop_sizes asks for crops of " + text(*crop) + " from the pictures of " + stage
                   + ", which have a side of " + text(image_sizes[i]));
        if (i < o.vaes.size() && o.vaes[i] && o.vaes[i]->channels != o.channels)
            refuse("its pictures have " + text(o.channels) + " channels, those of the VQGAN-VAE of " + stage
                   + " " + text(o.vaes[i]->channels));
    }
}

void check_stage(const DecoderStage& stage, const std::string& beta_schedule)
{
    const auto name = "stage " + text(stage.number);
    const auto& betas = stage.schedule->betas;
    const bool exact = stage.predict_v || stage.predict_x_start;
    if (stage.options->require_finite_schedules && beta_schedule == "jsd" && !exact)
        refuse("the jsd schedule ends in pure noise, in which " + name
               + " can't predict noise; set predict_v or predict_x_start");
    if (stage.options->require_finite_schedules && beta_schedule != "jsd" && betas.max().item<double>() >= 1)
        refuse("a " + beta_schedule + " schedule of " + text(betas.size(0)) + " timesteps, which " + name
               + " has, is not finite; take more timesteps (21 at least) or the cosine schedule");
    if (stage.vae && stage.image_size % stage.vae->downsampling() != 0)
        refuse("the VQGAN-VAE of " + name + " shrinks " + text(stage.vae->downsampling())
               + " times, which does not divide its side of " + text(stage.image_size));
    const auto multiple = stage.unet->side_multiple();
    if (stage.latent_size() % multiple != 0)
        refuse("the U-Net of " + name + " takes sides that are multiples of " + text(multiple) + ", not "
               + text(stage.latent_size()));
    if (stage.random_crop_size) {
        const auto crop_multiple = multiple * (stage.vae ? stage.vae->downsampling() : 1);
        if (*stage.random_crop_size % crop_multiple != 0)
            refuse(name + " trains on crops of " + text(*stage.random_crop_size)
                   + ", which must be a multiple of " + text(crop_multiple));
    }
}

} // namespace reverie
