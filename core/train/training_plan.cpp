// SPDX-License-Identifier: MIT
#include "core/train/training_plan.h"

#include "core/base/error.h"

#include <algorithm>

namespace reverie {

std::vector<std::string> parts_to_train(const TrainRequest& request, const TrainingConfig& config)
{
    std::vector<std::string> parts;
    const bool all = request.what == "all";
    if (!all && request.what != "tokenizer" && request.what != "clip" && request.what != "prior"
        && request.what != "decoder")
        throw UsageError("There is no part \"" + request.what
                         + "\"; choose tokenizer, clip, prior, decoder or all.");
    if ((all || request.what == "clip") && config.model.clip)
        parts.emplace_back("clip");
    if ((all || request.what == "prior") && config.model.prior)
        parts.emplace_back("prior");
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

int picture_size(const PipelineConfig& config)
{
    std::int64_t size = config.clip ? clip_image_size(*config.clip) : 0;
    if (config.decoder) {
        const auto& sizes = config.decoder->image_sizes;
        size = std::max(size, sizes.empty() ? config.decoder->image_size.value_or(0) : sizes.back());
    }
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
