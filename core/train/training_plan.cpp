// SPDX-License-Identifier: MIT
#include "core/train/training_plan.h"

#include "core/base/error.h"
#include "core/train/training_facts.h"

#include <algorithm>

namespace reverie {

namespace {

void check_unet_trains(const TrainingConfig& config, const std::string& part)
{
    const auto index = std::stoul(part.substr(std::string("unet").size())) - 1;
    const auto& unets = config.model.unets;
    if (index < unets.size() && is_adm(unets[index]))
        throw UsageError("U-Net " + std::to_string(index + 1)
                         + " is of Karlo's kind, which can be drawn with but not trained; train another "
                           "part, or begin with another model.");
}

} // namespace

std::vector<std::string> parts_to_train(const TrainRequest& request, const TrainingConfig& config)
{
    std::vector<std::string> parts;
    const bool all = request.what == "all";
    if (!all && request.what != "tokenizer" && request.what != "clip" && request.what != "prior"
        && request.what != "vqgan" && request.what != "decoder")
        throw UsageError("There is no part \"" + request.what
                         + "\"; choose tokenizer, clip, prior, vqgan, decoder or all.");
    if ((all || request.what == "clip") && config.model.clip)
        parts.emplace_back("clip");
    if ((all || request.what == "prior") && config.model.karlo_prior)
        throw UsageError("The prior is Karlo's, which can be drawn with but not trained; train another part, "
                         "or begin with another model.");
    if ((all || request.what == "prior") && config.model.prior)
        parts.emplace_back("prior");
    if ((all || request.what == "vqgan") && config.model.vqgan)
        parts.emplace_back("vqgan");
    if ((all || request.what == "decoder") && config.model.decoder) {
        if (request.unet > int(config.unets.size()))
            throw UsageError("The decoder has " + std::to_string(config.unets.size())
                             + " U-Nets; there is no number " + std::to_string(request.unet) + ".");
        for (std::size_t i = 1; i <= config.unets.size(); ++i)
            if (request.unet == 0 || request.unet == int(i))
                parts.push_back("unet" + std::to_string(i));
    }
    if (parts.empty() && request.what != "tokenizer")
        throw UsageError("The configuration has no model for \"" + request.what
                         + "\"; choose a preset, or describe one under \"model\".");
    return parts;
}

void check_trainable(const TrainingConfig& config, const std::vector<std::string>& parts, at::Device device)
{
    for (const auto& part : parts) {
        if (part == "clip" && !std::holds_alternative<XClipOptions>(*config.model.clip))
            throw UsageError(
                "The CLIP is of the kind " + std::string(clip_kind(*config.model.clip))
                + " and only an x_clip can be trained; give a model with a trained one by --init, and "
                  "train its prior and decoder.");
        if (part.starts_with("unet"))
            check_unet_trains(config, part);
        if (part_options(config, part).precision == "f16" && !device.is_cuda())
            throw UsageError("The precision f16 is for CUDA devices; on the processor choose bf16 or f32.");
        if (part == "vqgan" && part_options(config, part).precision != "f32" && !device.is_cuda())
            throw UsageError("On the processor a VQGAN-VAE is trained in f32; set vqgan.precision to it.");
        if (part != "clip" && part != "vqgan" && !config.model.clip)
            throw UsageError("The prior and the decoder are trained on what a CLIP sees; describe one under "
                             "\"model\", and train all or give a model with a trained CLIP by --init.");
    }
}

int picture_size(const PipelineConfig& config)
{
    std::int64_t size = config.clip ? clip_image_size(*config.clip) : 0;
    if (config.decoder) {
        const auto& sizes = config.decoder->image_sizes;
        size = std::max(size, sizes.empty() ? config.decoder->image_size.value_or(0) : sizes.back());
    }
    if (config.vqgan)
        size = std::max(size, config.vqgan->image_size);
    return int(std::max<std::int64_t>(size, 8));
}

Rows sample_rows(const Dataset& dataset)
{
    Rows rows;
    const auto add = [&rows](const Rows& split, std::size_t count) {
        for (std::size_t i = 0; i < std::min(count, split.size()); ++i)
            rows.push_back(split[i * split.size() / count]);
    };
    add(dataset.train(), 12);
    add(dataset.test(), 4);
    return rows;
}

std::vector<std::string> captions_of(const Dataset& dataset, const Rows& rows)
{
    std::vector<std::string> captions;
    for (const auto row : rows)
        captions.push_back(dataset.captions()[std::size_t(row)]);
    return captions;
}

} // namespace reverie
