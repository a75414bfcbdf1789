// SPDX-License-Identifier: MIT
#include "core/io/weights_kind.h"

#include <algorithm>
#include <array>

namespace reverie {

namespace {

/// A tensor that every model of a kind has and no other.
struct Signature {
    std::string_view name;
    WeightsKind kind;
};
constexpr std::array<Signature, 16> signatures{ {
    { "net.learned_query", WeightsKind::Prior },
    { "learned_query", WeightsKind::PriorNetwork },
    { "unets.0.null_image_embed", WeightsKind::Decoder },
    { "0.ema_model.null_image_embed", WeightsKind::DecoderUnets },
    { "0.online_model.null_image_embed", WeightsKind::DecoderUnets },
    { "text_transformer.token_emb.weight", WeightsKind::XClip },
    { "visual.conv1.weight", WeightsKind::OpenAiClip },
    { "text_model.embeddings.token_embedding.weight", WeightsKind::HuggingFaceClip },
    { "model.prd_emb", WeightsKind::KarloPrior },
    { "model.cf_param", WeightsKind::KarloDecoder },
    { "model_last_step.input_blocks.0.0.weight", WeightsKind::KarloSuperResolution },
    { "vq._codebook.embed", WeightsKind::VqganVae },
    { "features.28.weight", WeightsKind::Vgg },
    { "prior.prd_embedding", WeightsKind::DiffusersUnclip },
    { "prd_embedding", WeightsKind::DiffusersUnclip },
    { "text_proj.learned_classifier_free_guidance_embeddings", WeightsKind::DiffusersUnclip },
} };

/// Towers that self-supervision shares, under their second names.
bool is_second_name(const std::string& prefix)
{
    return prefix.find("mlm.") != std::string::npos || prefix.find("visual_ssl.") != std::string::npos;
}

bool is_statistics(const WeightsFile& file)
{
    const auto& tensors = file.tensors;
    return tensors.size() == 2 && tensors.contains("0") && tensors.contains("1")
        && tensors.at("0").shape.size() == 1 && tensors.at("0").shape == tensors.at("1").shape;
}

/// What a name ends with, if that is a whole name or comes after a dot.
bool ends_as(std::string_view name, std::string_view signature)
{
    return name.ends_with(signature)
        && (name.size() == signature.size() || name[name.size() - signature.size() - 1] == '.');
}

/// The name in the last version of what a tensor was called in an earlier one.
std::string up_to_date(std::string name)
{
    const auto replace = [&name](std::string_view old, std::string_view now) {
        if (const auto at = name.find(old); at != std::string::npos)
            name.replace(at, old.size(), now);
    };
    replace(".cross_attn.fn.", ".cross_attn."); // before 1.14.0
    if (ends_as(name, "net.null_text_embed")) // before 1.9.0
        replace("null_text_embed", "null_text_encodings");
    return name;
}

/// "unets.3.x" of "3.ema_model.x"; empty for what only the wrapper has.
std::string out_of_wrapper(const std::string& name, std::string_view wrapper)
{
    const auto dot = name.find('.');
    if (dot == std::string::npos || name.compare(dot + 1, wrapper.size(), wrapper) != 0)
        return {};
    return "unets." + name.substr(0, dot + 1) + name.substr(dot + 1 + wrapper.size());
}

} // namespace

std::vector<WeightsPart> recognise(const WeightsFile& file)
{
    const auto metadata = file.values.find("metadata");
    if (metadata != file.values.end() && metadata->is_object() && metadata->contains("reverie.format"))
        return { { WeightsKind::Pipeline, {}, false } };
    if (is_statistics(file))
        return { { WeightsKind::KarloStatistics, {}, false } };

    std::vector<WeightsPart> parts;
    for (const auto& [name, tensor] : file.tensors)
        for (const auto& [signature, kind] : signatures) {
            if (!ends_as(name, signature))
                continue;
            const auto prefix = name.substr(0, name.size() - signature.size());
            const bool whole_prior = kind == WeightsKind::PriorNetwork && ends_as(name, "net.learned_query");
            if (whole_prior || is_second_name(prefix))
                continue;
            const bool ema = name.find("ema_model.") != std::string::npos;
            const bool known = std::any_of(parts.begin(), parts.end(), [&](const WeightsPart& part) {
                return kind == WeightsKind::DiffusersUnclip && part.kind == kind && part.prefix == prefix;
            });
            if (!known) // a folder of diffusers has two of its tensors
                parts.push_back({ kind, prefix, ema });
            break;
        }
    std::stable_sort(parts.begin(), parts.end(), [](const WeightsPart& a, const WeightsPart& b) {
        return a.prefix.size() < b.prefix.size();
    });
    return parts;
}

StoredTensors part_tensors(const WeightsFile& file, const WeightsPart& part)
{
    StoredTensors tensors;
    const std::string_view wrapper = part.ema ? "ema_model." : "online_model.";
    for (auto it = file.tensors.lower_bound(part.prefix);
         it != file.tensors.end() && it->first.starts_with(part.prefix); ++it) {
        auto name = it->first.substr(part.prefix.size());
        if (part.kind == WeightsKind::DecoderUnets)
            name = out_of_wrapper(name, wrapper);
        if (!name.empty())
            tensors[up_to_date(std::move(name))] = it->second;
    }
    return tensors;
}

std::string kind_in_words(WeightsKind kind)
{
    switch (kind) {
    case WeightsKind::Pipeline:
        return "a model of Reverie";
    case WeightsKind::Prior:
        return "a prior of DALLE2-pytorch";
    case WeightsKind::PriorNetwork:
        return "the network of a prior of DALLE2-pytorch";
    case WeightsKind::Decoder:
        return "a decoder of DALLE2-pytorch";
    case WeightsKind::DecoderUnets:
        return "the U-Nets of a decoder of DALLE2-pytorch in their EMA wrappers";
    case WeightsKind::XClip:
        return "an x-clip";
    case WeightsKind::OpenAiClip:
        return "a CLIP under OpenAI's names";
    case WeightsKind::HuggingFaceClip:
        return "a CLIP under Hugging Face's names";
    case WeightsKind::KarloPrior:
        return "Karlo's prior";
    case WeightsKind::KarloDecoder:
        return "Karlo's decoder";
    case WeightsKind::KarloSuperResolution:
        return "Karlo's super-resolution";
    case WeightsKind::KarloStatistics:
        return "Karlo's statistics of CLIP embeddings";
    case WeightsKind::DiffusersUnclip:
        return "an unCLIP pipeline of diffusers";
    case WeightsKind::VqganVae:
        return "a VQGAN-VAE of DALLE2-pytorch";
    case WeightsKind::Vgg:
        return "a VGG of torchvision";
    }
    return {};
}

std::string kind_name(WeightsKind kind)
{
    constexpr std::array<const char*, 15> names
        = { "pipeline",        "prior",       "prior_network", "decoder",     "decoder_unets",
            "x_clip",          "openai_clip", "hf_clip",       "karlo_prior", "karlo_decoder",
            "karlo_super_res", "karlo_stats", "diffusers",     "vqgan_vae",   "vgg" };
    return names[static_cast<std::size_t>(kind)];
}

std::string written_by_version(const WeightsFile& file)
{
    const auto version = file.values.find("version");
    return version != file.values.end() && version->is_string() ? version->get<std::string>() : std::string();
}

} // namespace reverie
