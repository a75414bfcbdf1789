// SPDX-License-Identifier: MIT
#include "core/train/training_facts.h"

#include "core/base/error.h"
#include "core/train/caption_ranks.h"
#include "core/train/optimizer.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <map>
#include <utility>

namespace reverie {

namespace {

using nlohmann::json;

std::string target_name(bool v, bool x_start)
{
    return v ? "v" : x_start ? "x_start" : "noise";
}

/// A weight that two layers share counts once.
std::int64_t count(const std::vector<Tensor>& parameters)
{
    std::map<void*, std::int64_t> sizes;
    for (const auto& parameter : parameters)
        sizes[parameter.unsafeGetTensorImpl()] = parameter.numel();
    std::int64_t count = 0;
    for (const auto& [weight, size] : sizes)
        count += size;
    return count;
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

json vqgan_facts(const TrainingConfig& config, const Dataset& dataset, const torch::nn::Module& module)
{
    const auto& o = *config.model.vqgan;
    return { { "rows", dataset.train().size() },
             { "valid_rows", dataset.test().size() },
             { "parameters", count(trained_parameters(module)) },
             { "batch", config.vqgan.batch },
             { "target", "pictures" },
             { "values", o.channels * o.image_size * o.image_size } };
}

json training_facts(const std::string& part, const TrainingConfig& config, const Corpus& corpus,
                    const torch::nn::Module& module)
{
    const auto& model = config.model;
    const auto trained = count(trained_parameters(module));
    const bool locked = part == "clip" && config.clip.lock_image;
    json facts{ { "rows", corpus.dataset.train().size() },
                { "valid_rows", corpus.dataset.test().size() },
                { "parameters", trained },
                { "frozen_parameters", locked ? 0 : count(module.parameters()) - trained },
                { "batch", part_options(config, part).batch },
                { "lr", part_options(config, part).lr } };
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
    if (part != "clip" && corpus.text_embed.defined()) {
        facts.update(caption_ranks(corpus, corpus.dataset.train(), "train"));
        facts.update(caption_ranks(corpus, corpus.dataset.test(), "test"));
    }
    if (part != "prior")
        facts.update(picture_facts(part, config, corpus));
    return facts;
}

} // namespace reverie
