// SPDX-License-Identifier: MIT
#include "core/train/training_facts.h"

#include "core/base/error.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <utility>

namespace reverie {

namespace {

using nlohmann::json;

std::string target_name(bool v, bool x_start)
{
    return v ? "v" : x_start ? "x_start" : "noise";
}

json picture_facts(const std::string& part, const TrainingConfig& config, const Corpus& corpus)
{
    constexpr std::size_t looked_at = 32;
    const auto pictures = corpus.pictures(spread(corpus.dataset.train(), looked_at));
    const bool centred
        = part.starts_with("unet") && config.model.decoder && !config.model.decoder->auto_normalize_img;
    return { { "picture_min", pictures.min().item<double>() },
             { "picture_max", pictures.max().item<double>() },
             { "picture_mean", pictures.mean().item<double>() },
             { "expected_min", centred ? -1 : 0 },
             { "expected_max", 1 } };
}

} // namespace

const PartOptions& part_options(const TrainingConfig& config, const std::string& part)
{
    if (part == "clip")
        return config.clip;
    if (part == "prior")
        return config.prior;
    if (part == "vqgan")
        return config.vqgan;
    for (std::size_t i = 0; i < config.unets.size(); ++i)
        if (part == "unet" + std::to_string(i + 1))
            return config.unets[i];
    throw UsageError("There is no part \"" + part + "\" in this run.");
}

PartOptions& part_options(TrainingConfig& config, const std::string& part)
{
    return const_cast<PartOptions&>(part_options(std::as_const(config), part));
}

json vqgan_facts(const TrainingConfig& config, const Dataset& dataset, std::int64_t parameters)
{
    const auto& o = *config.model.vqgan;
    return { { "rows", dataset.train().size() }, { "valid_rows", dataset.test().size() },
             { "parameters", parameters },       { "batch", config.vqgan.batch },
             { "target", "pictures" },           { "values", o.channels * o.image_size * o.image_size } };
}

json training_facts(const std::string& part, const TrainingConfig& config, const Corpus& corpus,
                    std::int64_t parameters)
{
    const auto& model = config.model;
    json facts{ { "rows", corpus.dataset.train().size() },
                { "valid_rows", corpus.dataset.test().size() },
                { "parameters", parameters },
                { "batch", part_options(config, part).batch } };
    if (part == "clip") {
        facts["target"] = "pairs";
        const auto size = clip_image_size(*model.clip);
        facts["values"] = 3 * size * size;
    } else if (part == "prior") {
        facts["target"] = target_name(model.prior->predict_v, model.prior->predict_x_start);
        facts["values"] = corpus.image_embed.size(1);
    } else {
        const auto stage = std::stoul(part.substr(4)) - 1;
        const auto& decoder = *model.decoder;
        facts["target"] = target_name(decoder.predict_v.at(stage), decoder.predict_x_start.at(stage));
        const auto size
            = decoder.image_sizes.empty() ? decoder.image_size.value_or(0) : decoder.image_sizes.at(stage);
        facts["values"] = decoder.channels * size * size;
    }
    if (part != "prior")
        facts.update(picture_facts(part, config, corpus));
    return facts;
}

} // namespace reverie
