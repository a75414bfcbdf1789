// SPDX-License-Identifier: MIT
#include "core/io/pipeline.h"

#include "core/base/error.h"
#include "core/io/options_json.h"
#include "core/io/safetensors.h"
#include "core/io/state_dict.h"

#include <torch/torch.h>

namespace reverie {

namespace {

const char* const format_version = "1";
const char* const karlo = "karlo"; ///< the kind of a prior that has one

/// `json[key]` taken out, or null.
nlohmann::json taken(nlohmann::json& json, const char* key)
{
    if (!json.contains(key))
        return nullptr;
    auto value = json[key];
    json.erase(key);
    return value;
}

/// Buffers and what does not train stay exact: they are tables, not weights.
void add_part(TensorMap& tensors, const torch::nn::Module& module, const std::string& prefix,
              torch::ScalarType type)
{
    for (const auto& [name, tensor] : state_dict(module, prefix))
        tensors[name] = tensor.requires_grad() ? tensor.detach().to(type) : tensor.detach();
}

ClipOptions clip_options_from_json(nlohmann::json json)
{
    const auto kind = taken(json, "kind");
    if (kind.is_null() || kind == clip_kind(XClipOptions{}))
        return options_from_json<XClipOptions>(json, "clip");
    if (kind == clip_kind(OpenAiClipOptions{}))
        return options_from_json<OpenAiClipOptions>(json, "clip");
    if (kind == clip_kind(OpenClipOptions{}))
        return options_from_json<OpenClipOptions>(json, "clip");
    throw UsageError("The option clip.kind is " + kind.dump() + "; choose x_clip, openai_clip or open_clip.");
}

nlohmann::json clip_options_to_json(const ClipOptions& options)
{
    auto json = std::visit([](const auto& o) { return options_to_json(o); }, options);
    if (!std::holds_alternative<XClipOptions>(options)) // left out, so that any version can read it
        json["kind"] = clip_kind(options);
    return json;
}

/// What CLIP and the prior draw is what the decoder reads.
void check_embeddings_meet(const Pipeline& pipeline)
{
    if (!pipeline.decoder || pipeline.decoder->options().unconditional)
        return;
    for (std::size_t i = 0; i < pipeline.config.unets.size(); ++i) {
        const auto& unet = pipeline.config.unets[i];
        const auto name = "decoder.unets[" + std::to_string(i) + "]";
        if (pipeline.prior && i == 0 && unet.image_embed_dim != pipeline.prior->image_embed_dim())
            throw UsageError(name + " reads image embeddings of " + std::to_string(*unet.image_embed_dim)
                             + " numbers, but the prior draws "
                             + std::to_string(pipeline.prior->image_embed_dim())
                             + "; make its image_embed_dim the prior's.");
        if (pipeline.clip && unet.cond_on_text_encodings && unet.text_embed_dim != pipeline.clip->dim_text())
            throw UsageError(name + " reads text encodings of " + std::to_string(*unet.text_embed_dim)
                             + " numbers, but CLIP's have " + std::to_string(pipeline.clip->dim_text())
                             + "; make its text_embed_dim CLIP's dim_text.");
    }
}

} // namespace

PipelineConfig pipeline_config_from_json(const nlohmann::json& given)
{
    auto json = given;
    PipelineConfig config;
    if (auto clip = taken(json, "clip"); !clip.is_null())
        config.clip = clip_options_from_json(clip);
    if (auto prior = taken(json, "prior"); !prior.is_null()) {
        const auto kind = taken(prior, "kind");
        if (kind == karlo) {
            config.karlo_prior = options_from_json<KarloPriorOptions>(prior, "prior");
        } else if (kind.is_null()) {
            config.net = options_from_json<PriorNetworkOptions>(taken(prior, "net"), "prior.net");
            config.prior = options_from_json<DiffusionPriorOptions>(prior, "prior");
        } else {
            throw UsageError("The option prior.kind is " + kind.dump() + "; leave it out, or choose karlo.");
        }
    }
    if (auto decoder = taken(json, "decoder"); !decoder.is_null()) {
        const auto unets = taken(decoder, "unets");
        if (!unets.is_array() || unets.empty())
            throw UsageError("The option decoder.unets must list at least one U-Net.");
        for (std::size_t i = 0; i < unets.size(); ++i)
            config.unets.push_back(
                options_from_json<UnetOptions>(unets[i], "decoder.unets[" + std::to_string(i) + "]"));
        config.decoder = options_from_json<DecoderOptions>(decoder, "decoder");
    }
    if (auto vqgan = taken(json, "vqgan"); !vqgan.is_null())
        config.vqgan = options_from_json<VQGanVAEOptions>(vqgan, "vqgan");
    if (auto sampling = taken(json, "sampling"); !sampling.is_null())
        config.sampling = options_from_json<SamplingDefaults>(sampling, "sampling");
    if (!json.empty())
        throw UsageError("There is no option " + json.begin().key() + " in a pipeline; check its spelling.");
    return config;
}

nlohmann::json to_json(const PipelineConfig& config)
{
    auto json = nlohmann::json::object();
    if (config.clip)
        json["clip"] = clip_options_to_json(*config.clip);
    if (config.prior) {
        json["prior"] = options_to_json(*config.prior);
        json["prior"]["net"] = options_to_json(config.net.value_or(PriorNetworkOptions{}));
    }
    if (config.karlo_prior) {
        json["prior"] = options_to_json(*config.karlo_prior);
        json["prior"]["kind"] = karlo;
    }
    if (config.decoder) {
        json["decoder"] = options_to_json(*config.decoder);
        for (const auto& unet : config.unets)
            json["decoder"]["unets"].push_back(options_to_json(unet));
    }
    if (config.vqgan)
        json["vqgan"] = options_to_json(*config.vqgan);
    json["sampling"] = options_to_json(config.sampling);
    return json;
}

Pipeline build_pipeline(const PipelineConfig& config)
{
    Pipeline pipeline;
    pipeline.config = config;
    if (config.clip)
        pipeline.clip = make_clip(*config.clip);
    if (config.prior)
        pipeline.prior = DiffusionPrior(
            *config.prior, PriorNetwork(config.net.value_or(PriorNetworkOptions{})), pipeline.clip);
    if (config.karlo_prior)
        pipeline.prior = DiffusionPrior(std::shared_ptr<DiffusionPriorImpl>(
            std::make_shared<KarloPriorImpl>(*config.karlo_prior, pipeline.clip)));
    if (config.decoder)
        pipeline.decoder = Decoder(*config.decoder, config.unets, pipeline.clip);
    if (config.vqgan)
        pipeline.vqgan = VQGanVAE(*config.vqgan);
    check_embeddings_meet(pipeline);
    return pipeline;
}

at::ScalarType stored_type(const std::string& dtype)
{
    if (dtype == "f32")
        return torch::kFloat32;
    if (dtype == "f16")
        return torch::kFloat16;
    if (dtype == "bf16")
        return torch::kBFloat16;
    throw UsageError("Weights can't be stored as " + dtype + "; choose f32, f16 or bf16.");
}

void save_pipeline(const std::filesystem::path& path, const Pipeline& pipeline, const std::string& dtype)
{
    const auto type = stored_type(dtype);
    TensorMap tensors;
    if (pipeline.clip)
        add_part(tensors, *pipeline.clip, "clip.", type);
    if (pipeline.prior)
        add_part(tensors, *pipeline.prior, "prior.", type);
    if (pipeline.decoder)
        add_part(tensors, *pipeline.decoder, "decoder.", type);
    if (pipeline.vqgan)
        add_part(tensors, *pipeline.vqgan, "vqgan.", type);
    auto metadata = pipeline.metadata;
    metadata["reverie.format"] = format_version;
    metadata["reverie.config"] = to_json(pipeline.config).dump();
    if (pipeline.tokenizer)
        metadata["tokenizer.merges"] = pipeline.tokenizer->merges_text();
    write_safetensors(path, tensors, metadata);
}

} // namespace reverie
