// SPDX-License-Identifier: MIT
#include "core/io/model_parts.h"

#include "core/base/error.h"
#include "core/io/clip_config.h"
#include "core/io/clip_tensors.h"
#include "core/io/json_file.h"
#include "core/io/karlo_parts.h"
#include "core/io/torch_file.h"
#include "core/io/torch_tensor.h"
#include "core/io/unclip_config.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

namespace {

using nlohmann::json;

enum class Family { Clip, Prior, Decoder, Other };

Family family_of(WeightsKind kind)
{
    switch (kind) {
    case WeightsKind::XClip:
    case WeightsKind::OpenAiClip:
    case WeightsKind::HuggingFaceClip:
        return Family::Clip;
    case WeightsKind::Prior:
    case WeightsKind::PriorNetwork:
        return Family::Prior;
    case WeightsKind::Decoder:
    case WeightsKind::DecoderUnets:
        return Family::Decoder;
    default:
        return Family::Other;
    }
}

/// The part a request means. `ema` asks for averaged weights, which CLIPs have none of.
std::optional<WeightsPart> chosen(const WeightsFile& file, const std::vector<WeightsPart>& parts,
                                  Family family, bool ema)
{
    const auto name = file.path.string();
    std::vector<WeightsPart> of_family;
    std::copy_if(parts.begin(), parts.end(), std::back_inserter(of_family),
                 [family](const WeightsPart& part) { return family_of(part.kind) == family; });
    if (of_family.empty())
        return std::nullopt;
    // Whole models go before U-Nets in wrappers, for these lack the tables.
    std::stable_sort(of_family.begin(), of_family.end(), [](const WeightsPart& a, const WeightsPart& b) {
        return (a.kind == WeightsKind::DecoderUnets) < (b.kind == WeightsKind::DecoderUnets);
    });
    const auto found = std::find_if(of_family.begin(), of_family.end(), [&](const WeightsPart& part) {
        return family == Family::Clip ? !part.ema : part.ema == ema;
    });
    if (found != of_family.end())
        return *found;
    if (family == Family::Clip)
        return of_family.front();
    const auto words = std::string(family == Family::Prior ? "a prior" : "a decoder");
    if (ema)
        throw UsageError(name + " has no averaged weights of " + words + "; leave out --part ema.");
    throw UsageError(name + " is the EMA wrapper of " + words + "; use --part ema.");
}

TensorMap below(const std::string& prefix, TensorMap tensors)
{
    TensorMap result;
    for (auto& [name, tensor] : tensors)
        result[prefix + name] = std::move(tensor);
    return result;
}

/// The numbers of a small tensor such as "steps"; empty if there is none.
std::vector<std::int64_t> numbers(const WeightsFile& file, const std::string& name)
{
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end() || found->second.elements() > 64)
        return {};
    const auto tensor = to_tensor(found->second, name).to(torch::kInt64).flatten().contiguous();
    return { tensor.data_ptr<std::int64_t>(), tensor.data_ptr<std::int64_t>() + tensor.numel() };
}

ModelPart part_of(const WeightsFile& file, json config)
{
    ModelPart part;
    part.from = file.path.string();
    part.config = std::move(config);
    return part;
}

ModelPart foreign_clip(const WeightsFile& file, const WeightsPart& part)
{
    auto clip = part_of(file, clip_config(file, part, part_tensors(file, part)));
    clip.tensors = below("clip.", clip_tensors(file, part));
    return clip;
}

ModelPart foreign_prior(const WeightsFile& file, const WeightsPart& part, std::vector<std::string>& notes)
{
    auto stored = part_tensors(file, part);
    std::erase_if(stored, [](const auto& entry) { return entry.first.starts_with("clip."); });
    if (part.kind == WeightsKind::PriorNetwork) {
        StoredTensors whole;
        for (auto& [name, tensor] : stored)
            whole["net." + name] = std::move(tensor);
        stored = std::move(whole);
    }
    auto config = prior_config(file, stored);
    if (!config.given)
        notes.push_back(file.path.string()
                        + " has no configuration beside it; what its weights don't show is the default.");
    auto prior = part_of(file, std::move(config.options));
    prior.clip_wanted = std::move(config.clip);
    prior.tensors = below("prior.", to_tensors(stored, prior.from));
    if (const auto steps = numbers(file, "step"); !steps.empty() && steps[0] > 0)
        prior.steps = steps[0];
    return prior;
}

ModelPart foreign_decoder(const WeightsFile& file, const std::vector<WeightsPart>& parts,
                          const WeightsPart& part)
{
    auto stored = part_tensors(file, part);
    // The averages are of the U-Nets alone; the tables and autoencoders are the model's.
    const auto model = std::find_if(parts.begin(), parts.end(), [](const WeightsPart& other) {
        return other.kind == WeightsKind::Decoder && !other.ema;
    });
    if (part.kind == WeightsKind::DecoderUnets && model != parts.end())
        for (auto& [name, tensor] : part_tensors(file, *model))
            if (!name.starts_with("unets."))
                stored[name] = tensor;
    std::erase_if(stored, [](const auto& entry) { return entry.first.starts_with("clip."); });
    auto config = decoder_config(file);
    auto decoder = part_of(file, std::move(config.options));
    decoder.clip_wanted = std::move(config.clip);
    decoder.tensors = below("decoder.", to_tensors(stored, decoder.from));
    const auto steps = numbers(file, "steps");
    for (std::size_t i = 0; i < decoder.config["unets"].size(); ++i)
        decoder.unets[static_cast<std::int64_t>(i) + 1]
            = i < steps.size() ? std::max<std::int64_t>(steps[i], 1) : 1;
    return decoder;
}

// Reverie's own files

ModelPart own_part(const WeightsFile& file, const char* name, const json& config)
{
    auto part = part_of(file, config.at(name));
    const std::string prefix = std::string(name) + ".";
    StoredTensors stored;
    for (auto it = file.tensors.lower_bound(prefix);
         it != file.tensors.end() && it->first.starts_with(prefix); ++it)
        stored.insert(*it);
    part.tensors = to_tensors(stored, part.from);
    return part;
}

/// Steps by part name; of a file that does not say, 1 for all it has.
json trained_steps(const json& metadata, const json& config)
{
    if (const auto text = metadata.find("reverie.trained"); text != metadata.end() && text->is_string())
        if (auto steps = parse_json(text->get_ref<const std::string&>()); steps.is_object())
            return steps;
    json steps = { { "clip", 1 }, { "prior", 1 } };
    const auto decoder = config.find("decoder");
    if (decoder != config.end())
        for (std::size_t i = 0; i < decoder->value("unets", json::array()).size(); ++i)
            steps["unet" + std::to_string(i + 1)] = 1;
    return steps;
}

ModelParts own_parts(const WeightsFile& file, const std::string& only)
{
    const auto& metadata = file.values.at("metadata");
    const auto text = metadata.find("reverie.config");
    const auto config = text == metadata.end() ? json() : parse_json(text->get<std::string>());
    if (!config.is_object())
        throw Error(file.path.string() + " is damaged: its reverie.config is not JSON; get the file again.");
    const auto steps = trained_steps(metadata, config);
    const auto wants = [&](const std::string& name) {
        return (only.empty() || only == name || (only == "decoder" && name.starts_with("unet")))
            && steps.contains(name) && steps[name].is_number() && steps[name].get<double>() > 0;
    };
    ModelParts parts;
    if (config.contains("clip"))
        (wants("clip") ? parts.clip : parts.companion) = own_part(file, "clip", config);
    if (parts.clip)
        parts.companion = parts.clip;
    if (config.contains("prior") && wants("prior"))
        parts.prior = own_part(file, "prior", config);
    std::map<std::int64_t, std::int64_t> unets;
    if (config.contains("decoder"))
        for (std::int64_t i = 1;
             i <= static_cast<std::int64_t>(config["decoder"].value("unets", json::array()).size()); ++i)
            if (const auto name = "unet" + std::to_string(i); wants(name))
                unets[i] = steps[name].get<std::int64_t>();
    if (!unets.empty()) {
        parts.decoder = own_part(file, "decoder", config);
        parts.decoder->unets = unets;
    }
    for (auto* part : { &parts.clip, &parts.prior })
        if (*part)
            (*part)->steps = steps[part == &parts.clip ? "clip" : "prior"].get<std::int64_t>();
    parts.sampling = config.value("sampling", json());
    for (const auto& [key, value] : metadata.items())
        if (value.is_string())
            parts.metadata[key] = value.get<std::string>();
    return parts;
}

} // namespace

ModelParts read_model_parts(const std::filesystem::path& path, const std::string& only, bool ema)
{
    const auto file = open_weights(path);
    check_numbers(file);
    const auto found = recognise(file);
    ModelParts parts;
    if (!found.empty() && found[0].kind == WeightsKind::Pipeline) {
        parts = own_parts(file, only);
    } else {
        const auto wants = [&only](const char* name) { return only.empty() || only == name; };
        if (only.starts_with("unet"))
            throw UsageError(path.string() + " is not one of Reverie's; give the whole decoder with decoder="
                             + path.string() + ".");
        add_karlo_parts(file, found, only, parts);
        if (wants("clip") && !parts.clip)
            if (const auto part = chosen(file, found, Family::Clip, ema))
                parts.clip = foreign_clip(file, *part);
        if (wants("prior"))
            if (const auto part = chosen(file, found, Family::Prior, ema))
                parts.prior = foreign_prior(file, *part, parts.notes);
        if (wants("decoder"))
            if (const auto part = chosen(file, found, Family::Decoder, ema))
                parts.decoder = foreign_decoder(file, found, *part);
        for (auto* part : { &parts.prior, &parts.decoder })
            if (*part)
                (*part)->version = written_by_version(file);
    }
    if (parts.clip || parts.prior || parts.decoder || parts.super_resolution || !parts.statistics.empty())
        return parts;
    if (!only.empty())
        throw Error(path.string() + " has no trained " + only + "; give the file that has it.");
    if (found.empty())
        throw Error(path.string()
                    + " holds no model that is known here; see what it holds with dream model info.");
    throw Error(path.string() + " holds " + kind_in_words(found[0].kind)
                + ", which can't become a part of a pipeline.");
}

} // namespace reverie
