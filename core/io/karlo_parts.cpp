// SPDX-License-Identifier: MIT
#include "core/io/karlo_parts.h"

#include "core/base/error.h"
#include "core/io/clip_config.h"
#include "core/io/clip_tensors.h"
#include "core/io/karlo_config.h"
#include "core/io/karlo_names.h"
#include "core/io/torch_tensor.h"
#include "core/io/vocabulary.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

namespace {

using nlohmann::json;

/// A network under the names that Karlo gives its tensors.
struct Network {
    TensorMap tensors;

    [[nodiscard]] KarloShape shape() const
    {
        return [this](const std::string& name) {
            const auto found = tensors.find(name);
            return found == tensors.end() ? std::vector<std::int64_t>() : found->second.sizes().vec();
        };
    }
};

Network of_karlo(const WeightsFile& file, const StoredTensors& stored)
{
    return { to_tensors(stored, file.path.string()) };
}

/// One matrix of the projections of all heads: the rows of a head's query, key and value lie together.
Tensor interleaved(const std::vector<Tensor>& parts, std::int64_t head_width, const std::string& what)
{
    if (parts.size() == 1)
        return parts[0];
    std::vector<Tensor> by_head;
    for (const auto& part : parts) {
        if (part.sizes() != parts[0].sizes() || part.dim() < 1 || part.size(0) % head_width != 0)
            throw Error(what + " holds attention that has no heads of " + std::to_string(head_width)
                        + " numbers, as its configuration says; get both again.");
        auto shape = part.sizes().vec();
        shape[0] = head_width;
        shape.insert(shape.begin(), part.size(0) / head_width);
        by_head.push_back(part.reshape(shape));
    }
    return torch::stack(by_head, 1).flatten(0, 2);
}

using InKarlo = std::function<std::optional<KarloName>(const std::string&)>;

/// Takes a network of diffusers apart and together as Karlo has it.
void add_diffusers(Network& network, const WeightsFile& file, const StoredTensors& stored,
                   const InKarlo& in_karlo, std::int64_t head_width)
{
    const auto what = file.path.string();
    struct Fused {
        std::vector<Tensor> parts;
        bool convolution = false;
    };
    std::map<std::string, Fused> fused;
    for (const auto& [name, tensor] : stored) {
        const auto place = in_karlo(name);
        if (!place)
            throw Error(what + " has a tensor " + name
                        + ", which no unCLIP of diffusers has; choose another model.");
        auto& target = fused[place->name];
        target.parts.resize(static_cast<std::size_t>(place->parts));
        target.parts[static_cast<std::size_t>(place->part)]
            = to_tensor(tensor, what + ": the tensor " + name);
        target.convolution = place->convolution;
    }
    for (auto& [name, target] : fused) {
        if (!std::all_of(target.parts.begin(), target.parts.end(),
                         [](const Tensor& t) { return t.defined(); }))
            throw Error(what + " lacks a projection of " + name + "; get the whole model.");
        const auto whole = interleaved(target.parts, head_width, what);
        network.tensors[name] = target.convolution && whole.dim() == 2 ? whole.unsqueeze(-1) : whole;
    }
}

std::int64_t published(std::int64_t head_width)
{
    constexpr std::int64_t width = 64;
    return head_width > 0 ? head_width : width;
}

ModelPart part_of(const WeightsFile& file, json config)
{
    ModelPart part;
    part.from = file.path.string();
    part.config = std::move(config);
    return part;
}

void put(TensorMap& tensors, const std::string& prefix, const Network& network)
{
    for (const auto& [name, tensor] : network.tensors)
        tensors[prefix + name] = tensor;
}

ModelPart prior_part(const WeightsFile& file, Network network, const KarloGiven& given)
{
    auto prior = part_of(file, karlo_prior_config(network.shape(), given, file.path.string()));
    for (const char* statistic : { "clip_mean", "clip_std" })
        if (auto found = network.tensors.extract(statistic)) {
            found.key() = "prior." + found.key();
            prior.tensors.insert(std::move(found));
        }
    put(prior.tensors, "prior.net.", network);
    return prior;
}

ModelPart decoder_part(const WeightsFile& file, const Network& network, const KarloGiven& given)
{
    auto decoder = part_of(file, karlo_decoder_config(network.shape(), given, file.path.string()));
    put(decoder.tensors, "decoder.unets.0.", network);
    decoder.unets[1] = 1;
    return decoder;
}

/// Its configuration is {"unet": ..., "image_size": 0 or the side}.
ModelPart super_resolution_part(const WeightsFile& file, const Network& first, const Network& last,
                                const KarloGiven& given)
{
    auto part = part_of(file,
                        { { "unet", karlo_pair_config(first.shape(), given, file.path.string()) },
                          { "image_size", given.image_size } });
    put(part.tensors, "decoder.unets.1.first_steps.", first);
    put(part.tensors, "decoder.unets.1.last_step.", last);
    return part;
}

TensorMap statistics_of(const StoredTensors& stored, const std::string& what)
{
    return { { "prior.clip_mean", to_tensor(stored.at("0"), what).to(torch::kFloat32).view({ 1, -1 }) },
             { "prior.clip_std", to_tensor(stored.at("1"), what).to(torch::kFloat32).view({ 1, -1 }) } };
}

json section(const WeightsFile& file, const char* name)
{
    const auto found = file.values.find(name);
    return found == file.values.end() ? json() : *found;
}

// diffusers' folder

ModelPart diffusers_prior(const WeightsFile& file, const StoredTensors& stored, const json& config,
                          const json& scheduler)
{
    const auto given = karlo_given(config);
    Network network;
    add_diffusers(network, file, stored, prior_name_in_karlo, published(given.head_width));
    auto prior = prior_part(file, std::move(network), given);
    constexpr double published_range = 5;
    prior.config["clip_range"] = published_range;
    if (scheduler.is_object())
        for (const auto& [theirs, ours] :
             { std::pair("clip_sample_range", "clip_range"), std::pair("num_train_timesteps", "timesteps") })
            if (const auto value = scheduler.find(theirs); value != scheduler.end() && value->is_number())
                prior.config[ours] = *value;
    return prior;
}

Network diffusers_unet(const WeightsFile& file, const StoredTensors& tensors, const char* name)
{
    const auto stored = tensors_below(tensors, std::string(name) + ".");
    const UnetNames names(stored);
    Network network;
    add_diffusers(
        network, file, stored, [&](const std::string& theirs) { return names.in_karlo(theirs); },
        published(karlo_given(section(file, name)).head_width));
    return network;
}

ModelPart diffusers_decoder(const WeightsFile& file, const StoredTensors& tensors)
{
    auto network = diffusers_unet(file, tensors, "decoder");
    add_diffusers(network, file, tensors_below(tensors, "text_proj."), text_proj_name_in_karlo, 1);
    auto decoder = decoder_part(file, network, karlo_given(section(file, "decoder")));
    constexpr int published_steps = 25;
    decoder.config["sample_timesteps"] = { published_steps };
    return decoder;
}

ModelPart diffusers_clip(const WeightsFile& file, const StoredTensors& tensors)
{
    WeightsFile clip;
    clip.path = file.path;
    clip.tensors = tensors_below(tensors, "text_encoder.");
    clip.tensors.merge(tensors_below(tensors, "image_encoder."));
    clip.config = { { "text_config", section(file, "text_encoder") },
                    { "vision_config", section(file, "image_encoder") } };
    const WeightsPart whole{ WeightsKind::HuggingFaceClip, {}, false };
    auto part = part_of(file, clip_config(clip, whole, clip.tensors));
    for (auto& [name, tensor] : clip_tensors(clip, whole))
        part.tensors["clip." + name] = tensor;
    return part;
}

/// The vocabulary in its folder, if it can be read.
void add_vocabulary(const WeightsFile& file, ModelParts& parts)
{
    for (const char* name : { "tokenizer/merges.txt", "tokenizer/tokenizer.json" })
        if (std::error_code error; std::filesystem::is_regular_file(file.path / name, error)) {
            parts.metadata["tokenizer.merges"] = read_vocabulary(file.path / name).merges_text();
            return;
        }
}

void add_diffusers_parts(const WeightsFile& file, const StoredTensors& tensors, const std::string& only,
                         ModelParts& parts)
{
    const auto wants = [&](const char* part) { return only.empty() || only == part; };
    const auto has = [&](const char* name) {
        const auto found = tensors.lower_bound(std::string(name) + ".");
        return found != tensors.end() && found->first.starts_with(std::string(name) + ".");
    };
    if (tensors.contains("prd_embedding")) { // the folder of its prior alone
        if (wants("prior"))
            parts.prior = diffusers_prior(file, tensors, file.config, json());
        return;
    }
    if (wants("clip") && has("text_encoder")) {
        parts.clip = diffusers_clip(file, tensors);
        add_vocabulary(file, parts);
    }
    if (wants("prior") && has("prior"))
        parts.prior = diffusers_prior(file, tensors_below(tensors, "prior."), section(file, "prior"),
                                      section(file, "prior_scheduler"));
    if (wants("decoder") && has("decoder"))
        parts.decoder = diffusers_decoder(file, tensors);
    if (wants("decoder") && has("super_res_first"))
        parts.super_resolution = super_resolution_part(file, diffusers_unet(file, tensors, "super_res_first"),
                                                       diffusers_unet(file, tensors, "super_res_last"),
                                                       karlo_given(section(file, "super_res_first")));
}

// Putting together

bool is_karlos(const std::optional<ModelPart>& prior)
{
    return prior && prior->config.value("kind", json()) == "karlo";
}

bool is_karlos_decoder(const std::optional<ModelPart>& decoder)
{
    const auto none = json::array();
    const auto unets = decoder ? decoder->config.value("unets", none) : none;
    return !unets.empty() && unets[0].is_object() && unets[0].value("kind", json()) == "adm";
}

/// The second stage, 4 times as large unless its file says otherwise.
void append(ModelPart& decoder, const ModelPart& larger)
{
    auto& config = decoder.config;
    if (config["unets"].size() != 1)
        throw Error(larger.from + " goes after Karlo's decoder, and the one of " + decoder.from
                    + " has its super-resolution already; leave one out.");
    constexpr int published_factor = 4, published_steps = 7;
    const auto given = larger.config["image_size"].get<std::int64_t>();
    const auto side = config["image_sizes"][0].get<std::int64_t>();
    config["unets"].push_back(larger.config["unet"]);
    config["image_sizes"].push_back(given > 0 ? given : published_factor * side);
    config["sample_timesteps"].push_back(published_steps);
    config["beta_schedule"].push_back("cosine");
    config["learned_variance"].push_back(false);
    for (const auto& entry : larger.tensors)
        decoder.tensors.insert(entry);
    decoder.unets[2] = 1;
}

void complete_prior(ModelAssembly& assembly)
{
    auto& prior = *assembly.prior;
    if (!prior.tensors.contains("prior.clip_mean")) {
        if (assembly.statistics.empty())
            throw Error(prior.from
                        + " draws embeddings that have to be put to scale; name the file of statistics too, "
                          "ViT-L-14_stats.th.");
        for (const auto& [name, tensor] : assembly.statistics)
            prior.tensors[name] = tensor;
    }
    for (const char* name : { "prior.clip_mean", "prior.clip_std" })
        if (const auto found = prior.tensors.find(name); found != prior.tensors.end())
            found->second = found->second.to(torch::kFloat32);
}

} // namespace

bool is_karlo(WeightsKind kind)
{
    return kind == WeightsKind::KarloPrior || kind == WeightsKind::KarloDecoder
        || kind == WeightsKind::KarloSuperResolution || kind == WeightsKind::KarloStatistics
        || kind == WeightsKind::DiffusersUnclip;
}

void add_karlo_parts(const WeightsFile& file, const std::vector<WeightsPart>& found, const std::string& only,
                     ModelParts& parts)
{
    const auto wants = [&](const char* part) { return only.empty() || only == part; };
    const auto given = karlo_given(file.config);
    for (const auto& part : found) {
        const auto stored = part_tensors(file, part);
        const auto network
            = [&](const char* prefix) { return of_karlo(file, tensors_below(stored, prefix)); };
        if (part.kind == WeightsKind::DiffusersUnclip)
            add_diffusers_parts(file, stored, only, parts);
        else if (part.kind == WeightsKind::KarloPrior && wants("prior"))
            parts.prior = prior_part(file, network("model."), given);
        else if (part.kind == WeightsKind::KarloDecoder && wants("decoder"))
            parts.decoder = decoder_part(file, network("model."), given);
        else if (part.kind == WeightsKind::KarloSuperResolution && wants("decoder"))
            parts.super_resolution = super_resolution_part(file, network("model_first_steps."),
                                                           network("model_last_step."), given);
        else if (part.kind == WeightsKind::KarloStatistics)
            parts.statistics = statistics_of(stored, file.path.string());
    }
}

void complete_karlo(ModelAssembly& assembly)
{
    if (assembly.super_resolution) {
        if (!is_karlos_decoder(assembly.decoder))
            throw Error(
                assembly.super_resolution->from
                + " holds Karlo's super-resolution, which goes after Karlo's decoder; name that too.");
        append(*assembly.decoder, *assembly.super_resolution);
    }
    const bool prior = is_karlos(assembly.prior), decoder = is_karlos_decoder(assembly.decoder);
    if (!prior && !decoder) {
        if (!assembly.statistics.empty())
            throw Error("The statistics of CLIP's embeddings go with Karlo's prior; name that too.");
        return;
    }
    if (assembly.prior && assembly.decoder && prior != decoder)
        throw Error((prior ? assembly.prior : assembly.decoder)->from
                    + " is Karlo's, which has embeddings of any length, but "
                    + (prior ? assembly.decoder : assembly.prior)->from
                    + " wants them of length 1; take prior and decoder of one publisher.");
    if (prior)
        complete_prior(assembly);
    if (assembly.clip) {
        if (!assembly.clip->config.contains("kind"))
            throw Error("Karlo was trained with OpenAI's CLIP ViT-L/14, but " + assembly.clip->from
                        + " is an x-clip; give the CLIP it was trained with.");
        assembly.clip->config["normalize_embeds"] = false;
    }
    if (!assembly.sampling.is_object())
        assembly.sampling = { { "cond_scale", 8 }, { "prior_cond_scale", 4 }, { "candidates", 1 } };
}

} // namespace reverie
