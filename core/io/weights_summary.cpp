// SPDX-License-Identifier: MIT
#include "core/io/weights_summary.h"

#include "core/base/error.h"
#include "core/io/clip_config.h"
#include "core/io/json_file.h"
#include "core/io/karlo_config.h"
#include "core/io/tensor_shapes.h"

#include <set>

namespace reverie {

namespace {

using nlohmann::json;

std::string number(std::int64_t value)
{
    return std::to_string(value);
}

/// "1 layer", "12 layers"
std::string counted(std::int64_t count, const std::string& noun)
{
    return number(count) + " " + noun + (count == 1 ? "" : "s");
}

/// "1026 million", "12 thousand", "812"
std::string in_millions(std::uint64_t count)
{
    constexpr std::uint64_t thousand = 1000, million = thousand * thousand;
    if (count >= million)
        return number(static_cast<std::int64_t>((count + million / 2) / million)) + " million";
    if (count >= thousand)
        return number(static_cast<std::int64_t>((count + thousand / 2) / thousand)) + " thousand";
    return number(static_cast<std::int64_t>(count));
}

std::string prior_in_words(const TensorShapes& shapes, const std::string& net)
{
    const auto layers = net + "causal_transformer.layers.";
    auto text = "width " + number(shapes.size(net + "learned_query", 0)) + ", "
        + counted(shapes.count(layers, ".0.norm.g"), "layer");
    if (shapes.has(net + "null_text_encodings"))
        text += ", reads " + number(shapes.size(net + "null_text_encodings", 1)) + " tokens";
    if (shapes.has("noise_scheduler.betas"))
        text += ", " + number(shapes.size("noise_scheduler.betas", 0)) + " steps";
    return text;
}

std::string decoder_in_words(const TensorShapes& shapes)
{
    const auto unets = shapes.count("unets.", ".null_image_embed");
    auto text = counted(unets, "U-Net");
    for (std::int64_t i = 0; i < unets; ++i) {
        const auto unet = "unets." + number(i) + ".";
        std::int64_t levels = 0;
        while (shapes.has_below(unet + "downs." + number(levels) + "."))
            ++levels;
        text += i == 0 ? ": " : "; ";
        if (shapes.has(unet + "final_resnet_block.block2.project.weight"))
            text += number(shapes.size(unet + "final_resnet_block.block2.project.weight", 0)) + " channels, ";
        text += counted(levels, "resolution");
        if (shapes.has(unet + "image_to_tokens.0.weight"))
            text += ", embeddings of " + number(shapes.size(unet + "image_to_tokens.0.weight", 1))
                + " numbers";
        if (shapes.has(unet + "text_to_cond.weight"))
            text += ", text of " + number(shapes.size(unet + "text_to_cond.weight", 1)) + " numbers";
        const auto betas = "noise_schedulers." + number(i) + ".betas";
        if (shapes.has(betas))
            text += ", " + number(shapes.size(betas, 0)) + " steps";
    }
    return text;
}

std::string karlo_prior_in_words(const TensorShapes& shapes)
{
    return "width " + number(shapes.size("model.prd_emb", 2)) + ", "
        + counted(shapes.count("model.transformer.resblocks.", ".ln_1.weight"), "layer") + ", embeddings of "
        + number(shapes.size("model.out_proj.weight", 0)) + " numbers";
}

KarloShape shape_in(const StoredTensors& tensors, const std::string& prefix)
{
    return [&tensors, prefix](const std::string& name) {
        const auto found = tensors.find(prefix + name);
        return found == tensors.end() ? std::vector<std::int64_t>() : found->second.shape;
    };
}

std::string karlo_unets_in_words(const WeightsFile& file, WeightsKind kind, const StoredTensors& tensors)
{
    const auto given = karlo_given(file.config);
    const auto what = file.path.string();
    if (kind == WeightsKind::KarloDecoder)
        return adm_in_words(karlo_decoder_config(shape_in(tensors, "model."), given, what)["unets"][0]);
    return "two U-Nets: "
        + adm_in_words(karlo_pair_config(shape_in(tensors, "model_first_steps."), given, what));
}

/// "prior (1026 million), decoder (869 million)" of diffusers' folder.
std::string folders_in_words(const StoredTensors& tensors)
{
    std::map<std::string, std::uint64_t> folders;
    for (const auto& [name, tensor] : tensors)
        if (const auto dot = name.find('.'); dot != std::string::npos)
            folders[name.substr(0, dot)] += tensor.elements();
    std::string text;
    for (const auto& [folder, elements] : folders)
        text += (text.empty() ? "" : ", ") + folder + " (" + in_millions(elements) + " parameters)";
    return text;
}

/// A section that may stand as JSON text, as some trainers save it.
json unfolded(const json& value)
{
    if (!value.is_string())
        return value;
    auto parsed = parse_json(value.get_ref<const std::string&>());
    return parsed.is_discarded() ? json() : parsed;
}

/// A configuration without the section's name around it.
bool is_bare(const json& config, std::string_view section)
{
    return section == "prior" ? config.contains("net") : config.contains("unets") || config.contains("unet");
}

} // namespace

std::string architecture_in_words(const WeightsFile& file, const WeightsPart& part,
                                  const StoredTensors& tensors)
{
    const TensorShapes shapes(tensors, file.path.string());
    switch (part.kind) {
    case WeightsKind::Prior:
        return prior_in_words(shapes, "net.");
    case WeightsKind::PriorNetwork:
        return prior_in_words(shapes, "");
    case WeightsKind::Decoder:
    case WeightsKind::DecoderUnets:
        return decoder_in_words(shapes);
    case WeightsKind::XClip:
    case WeightsKind::OpenAiClip:
    case WeightsKind::HuggingFaceClip:
        try {
            return clip_in_words(clip_config(file, part, tensors));
        } catch (const Error&) {
            return "only a part of one";
        }
    case WeightsKind::KarloPrior:
        return karlo_prior_in_words(shapes);
    case WeightsKind::KarloDecoder:
    case WeightsKind::KarloSuperResolution:
        try {
            return karlo_unets_in_words(file, part.kind, tensors);
        } catch (const Error&) {
            return "only a part of one";
        }
    case WeightsKind::DiffusersUnclip:
        return folders_in_words(tensors);
    case WeightsKind::KarloStatistics:
        return "embeddings of " + number(shapes.size("0", 0)) + " numbers";
    case WeightsKind::VqganVae:
        return "codebook of " + number(shapes.size("vq._codebook.embed", 1)) + " entries";
    default:
        return {};
    }
}

json given_config(const WeightsFile& file, const char* section)
{
    std::vector<json> places;
    for (const auto* root : { &file.values, &file.config }) {
        if (!root->is_object())
            continue;
        for (const char* key : { "init_params", "config" })
            if (const auto found = root->find(key); found != root->end())
                places.push_back(unfolded(*found));
        places.push_back(*root);
    }
    for (const auto& place : places) {
        if (!place.is_object())
            continue;
        if (const auto found = place.find(section); found != place.end())
            if (auto config = unfolded(*found); config.is_object())
                return config;
        if (is_bare(place, section))
            return place;
    }
    return nullptr;
}

} // namespace reverie
