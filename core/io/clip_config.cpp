// SPDX-License-Identifier: MIT
#include "core/io/clip_config.h"

#include "core/base/error.h"
#include "core/io/tensor_shapes.h"

#include <algorithm>
#include <cmath>

namespace reverie {

namespace {

using nlohmann::json;

constexpr std::int64_t usual_head_width = 64;

const json& section(const json& object, const char* key)
{
    static const json none = json::object();
    if (!object.is_object())
        return none;
    const auto found = object.find(key);
    return found == object.end() || !found->is_object() ? none : *found;
}

std::int64_t whole(const json& object, const char* key, std::int64_t fallback)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : fallback;
}

/// Width of a head in the vision transformers OpenCLIP trained; 64 in all but the largest.
std::int64_t open_clip_head_width(std::int64_t vision_width)
{
    switch (vision_width) {
    case 1280: // ViT-H
        return 80;
    case 1408: // ViT-g
        return 88;
    case 1664: // ViT-G, bigG
        return 104;
    default:
        return usual_head_width;
    }
}

/// Side of the pictures of a vision transformer whose patches and class token have positions.
std::int64_t image_side(std::int64_t positions, std::int64_t patch)
{
    return static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(positions - 1)))) * patch;
}

json resnet_layers(const TensorShapes& shapes)
{
    auto layers = json::array();
    for (int stage = 1; stage <= 4; ++stage)
        layers.push_back(shapes.count("visual.layer" + std::to_string(stage) + ".", ".conv1.weight"));
    return layers;
}

/// What the tensors under OpenAI's names show.
json openai_config(const TensorShapes& shapes)
{
    const bool resnet = shapes.has("visual.layer1.0.conv1.weight");
    const auto text_width = shapes.size("ln_final.weight", 0);
    json config = { { "kind", "openai_clip" },
                    { "embed_dim", shapes.size("text_projection", 1) },
                    { "context_length", shapes.size("positional_embedding", 0) },
                    { "vocab_size", shapes.size("token_embedding.weight", 0) },
                    { "transformer_width", text_width },
                    { "transformer_heads", std::max<std::int64_t>(text_width / usual_head_width, 1) },
                    { "transformer_layers", shapes.count("transformer.resblocks.", ".ln_1.weight") } };
    if (resnet) {
        config["vision_layers"] = resnet_layers(shapes);
        config["vision_width"] = shapes.size("visual.layer1.0.conv1.weight", 0);
        config["vision_patch_size"] = nullptr;
        config["image_resolution"] = image_side(shapes.size("visual.attnpool.positional_embedding", 0), 32);
    } else {
        const auto patch = shapes.size("visual.conv1.weight", 2);
        config["vision_layers"] = shapes.count("visual.transformer.resblocks.", ".ln_1.weight");
        config["vision_width"] = shapes.size("visual.conv1.weight", 0);
        config["vision_patch_size"] = patch;
        config["image_resolution"] = image_side(shapes.size("visual.positional_embedding", 0), patch);
    }
    return config;
}

/// The same sizes in OpenCLIP's words, completed by its own configuration where there is one.
json open_clip_config(const json& openai, const TensorShapes& shapes, const json& given)
{
    const auto& vision = section(given, "vision_cfg");
    const auto& text = section(given, "text_cfg");
    const auto width = openai["vision_width"].get<std::int64_t>();
    const bool resnet = openai["vision_layers"].is_array();
    json config = { { "kind", "open_clip" },
                    { "embed_dim", openai["embed_dim"] },
                    { "quick_gelu", given.is_object() && given.value("quick_gelu", json(false)) == true } };
    config["vision_cfg"] = { { "layers", openai["vision_layers"] },
                             { "width", width },
                             { "head_width", whole(vision, "head_width", open_clip_head_width(width)) },
                             { "patch_size", openai["vision_patch_size"] },
                             { "image_size", openai["image_resolution"] } };
    config["text_cfg"] = { { "context_length", openai["context_length"] },
                           { "vocab_size", openai["vocab_size"] },
                           { "width", openai["transformer_width"] },
                           { "heads", whole(text, "heads", openai["transformer_heads"].get<std::int64_t>()) },
                           { "layers", openai["transformer_layers"] } };
    const auto ratio = [&](const std::string& tower, std::int64_t of) {
        return static_cast<double>(shapes.size(tower + ".resblocks.0.mlp.c_fc.weight", 0))
            / static_cast<double>(of);
    };
    if (!resnet)
        config["vision_cfg"]["mlp_ratio"] = ratio("visual.transformer", width);
    config["text_cfg"]["mlp_ratio"] = ratio("transformer", shapes.size("ln_final.weight", 0));
    if (shapes.has("visual.transformer.resblocks.0.ls_1.gamma"))
        config["vision_cfg"]["ls_init_value"] = 1e-5;
    if (shapes.has("transformer.resblocks.0.ls_1.gamma"))
        config["text_cfg"]["ls_init_value"] = 1e-5;
    return config;
}

/// OpenAI's own archives say their sizes in tensors of their own and are half precision; OpenCLIP's files
/// have a configuration beside them or are a trainer's {"state_dict": ...}.
bool is_open_clip(const WeightsFile& file, const WeightsPart& part)
{
    if (file.format.starts_with("TorchScript") || file.tensors.contains(part.prefix + "input_resolution"))
        return false;
    const auto name = file.path.string();
    return file.config.contains("model_cfg") || section(file.config, "vision_cfg").size() > 0
        || name.find("open_clip") != std::string::npos
        || part.prefix.find("state_dict.") != std::string::npos;
}

json named_config(const WeightsFile& file, const WeightsPart& part, const StoredTensors& tensors)
{
    const TensorShapes shapes(tensors, file.path.string());
    if (!shapes.has("token_embedding.weight") || !shapes.has("text_projection"))
        throw Error(file.path.string()
                    + " holds a CLIP whose text tower is not OpenAI's; choose another CLIP.");
    const auto openai = openai_config(shapes);
    if (!is_open_clip(file, part))
        return openai;
    const auto& given
        = section(file.config, "model_cfg").empty() ? file.config : section(file.config, "model_cfg");
    return open_clip_config(openai, shapes, given);
}

/// The image tower of a CLIP under Hugging Face's names, as OpenCLIP's configurations say it.
json hugging_face_vision(const TensorShapes& shapes, const json& given)
{
    const std::string layers = "vision_model.encoder.layers.";
    const auto width = shapes.size("vision_model.pre_layrnorm.weight", 0),
               patch = shapes.size("vision_model.embeddings.patch_embedding.weight", 2),
               heads = whole(given, "num_attention_heads", width / usual_head_width);
    return { { "layers", shapes.count(layers, ".layer_norm1.weight") },
             { "width", width },
             { "head_width", width / std::max<std::int64_t>(heads, 1) },
             { "mlp_ratio",
               static_cast<double>(shapes.size(layers + "0.mlp.fc1.weight", 0))
                   / static_cast<double>(width) },
             { "patch_size", patch },
             { "image_size",
               image_side(shapes.size("vision_model.embeddings.position_embedding.weight", 0), patch) } };
}

json hugging_face_config(const WeightsFile& file, const StoredTensors& tensors)
{
    const TensorShapes shapes(tensors, file.path.string());
    const auto& text = section(file.config, "text_config");
    const auto& vision = section(file.config, "vision_config");
    const std::string text_layers = "text_model.encoder.layers.";
    if (!shapes.has("text_projection.weight"))
        throw Error(file.path.string() + " holds only one tower of a CLIP; get the whole model.");
    const auto text_width = shapes.size("text_model.final_layer_norm.weight", 0);
    const auto activation = text.value("hidden_act", json("quick_gelu"));
    if (activation != "quick_gelu" && activation != "gelu")
        throw Error(file.path.string() + " has the activation " + activation.dump()
                    + "; a CLIP has quick_gelu or gelu.");
    const auto heads = whole(text, "num_attention_heads", text_width / usual_head_width);
    json config = { { "kind", "open_clip" },
                    { "embed_dim", shapes.size("text_projection.weight", 0) },
                    { "quick_gelu", activation == "quick_gelu" } };
    config["vision_cfg"] = shapes.has("visual_projection.weight") ? hugging_face_vision(shapes, vision)
                                                                  : json{ { "layers", 0 } };
    config["text_cfg"]
        = { { "context_length", shapes.size("text_model.embeddings.position_embedding.weight", 0) },
            { "vocab_size", shapes.size("text_model.embeddings.token_embedding.weight", 0) },
            { "width", text_width },
            { "heads", std::max<std::int64_t>(heads, 1) },
            { "layers", shapes.count(text_layers, ".layer_norm1.weight") },
            { "mlp_ratio",
              static_cast<double>(shapes.size(text_layers + "0.mlp.fc1.weight", 0))
                  / static_cast<double>(text_width) } };
    return config;
}

/// Options of an x-clip that stand beside it or beside the prior or decoder it is part of.
json x_clip_given(const WeightsFile& file)
{
    for (const auto* root : { &file.config, &file.values }) {
        if (root->is_object() && root->contains("text_enc_depth"))
            return *root;
        for (const char* key : { "clip", "prior", "decoder", "config", "init_params" }) {
            const auto& inner = section(*root, key);
            for (const auto* place :
                 { &inner, &section(inner, "clip"), &section(section(inner, "prior"), "clip"),
                   &section(section(inner, "decoder"), "clip") }) {
                if (const auto& options = section(*place, "base_model_kwargs"); !options.empty())
                    return options;
                if (place->contains("text_enc_depth") || place->contains("visual_enc_depth"))
                    return *place;
            }
        }
    }
    return json::object();
}

json x_clip_config(const WeightsFile& file, const StoredTensors& tensors)
{
    const TensorShapes shapes(tensors, file.path.string());
    const auto given = x_clip_given(file);
    const bool masked = shapes.has_below("mlm.");
    json config = given;
    for (const char* key : { "make", "model", "mlm", "visual_ssl", "kind" })
        config.erase(key);
    const auto channels = whole(given, "channels", 3);
    const auto patch_numbers = shapes.size("visual_transformer.to_tokens.1.weight", 1);
    const auto patch = static_cast<std::int64_t>(
        std::lround(std::sqrt(static_cast<double>(patch_numbers) / static_cast<double>(channels))));
    const auto patches = shapes.size("visual_transformer.pos_emb.weight", 0);
    config["dim_text"] = shapes.size("text_transformer.token_emb.weight", 1);
    config["dim_image"] = shapes.size("visual_transformer.pos_emb.weight", 1);
    config["dim_latent"] = shapes.size("to_text_latent.weight", 0);
    config["num_text_tokens"] = shapes.size("text_transformer.token_emb.weight", 0) - (masked ? 1 : 0);
    config["use_mlm"] = masked;
    config["use_visual_ssl"] = shapes.has_below("visual_ssl.");
    config["text_enc_depth"] = shapes.count("text_transformer.transformer.layers.", ".0.norm.g");
    config["visual_enc_depth"] = shapes.count("visual_transformer.transformer.layers.", ".0.norm.g");
    config["visual_patch_size"] = patch;
    config["visual_image_size"] = image_side(patches + 1, patch);
    config["text_rotary_pos_emb"] = !shapes.has("text_transformer.abs_pos_emb.weight");
    if (shapes.has("text_transformer.abs_pos_emb.weight"))
        config["text_seq_len"] = shapes.size("text_transformer.abs_pos_emb.weight", 0);
    const auto heads = [&](const std::string& tower, const char* dim_head_key, const char* heads_key) {
        const auto inner = shapes.size(tower + ".transformer.layers.0.0.fn.to_out.0.weight", 1);
        const auto dim_head = whole(given, dim_head_key, usual_head_width);
        config[dim_head_key] = dim_head;
        config[heads_key] = std::max<std::int64_t>(inner / std::max<std::int64_t>(dim_head, 1), 1);
    };
    heads("text_transformer", "text_dim_head", "text_heads");
    heads("visual_transformer", "visual_dim_head", "visual_heads");
    for (auto it = config.begin(); it != config.end();)
        it = it->is_null() ? config.erase(it) : std::next(it);
    return config;
}

} // namespace

json clip_config(const WeightsFile& file, const WeightsPart& part, const StoredTensors& tensors)
{
    switch (part.kind) {
    case WeightsKind::XClip:
        return x_clip_config(file, tensors);
    case WeightsKind::OpenAiClip:
        return named_config(file, part, tensors);
    case WeightsKind::HuggingFaceClip:
        return hugging_face_config(file, tensors);
    default:
        throw Error(file.path.string() + " holds " + kind_in_words(part.kind) + ", no CLIP; choose another.");
    }
}

ClipSizes clip_sizes(const json& config)
{
    if (config.contains("vision_cfg")) {
        const auto &vision = section(config, "vision_cfg"), &text = section(config, "text_cfg");
        return { whole(config, "embed_dim", 512), whole(vision, "image_size", 224),
                 whole(text, "context_length", 77), whole(text, "vocab_size", 49408),
                 whole(text, "width", 512) };
    }
    if (config.value("kind", json()) == "openai_clip")
        return { whole(config, "embed_dim", 512), whole(config, "image_resolution", 224),
                 whole(config, "context_length", 77), whole(config, "vocab_size", 49408),
                 whole(config, "transformer_width", 512) };
    return { whole(config, "dim_latent", 512), whole(config, "visual_image_size", 256),
             whole(config, "text_seq_len", 256), whole(config, "num_text_tokens", 10000),
             whole(config, "dim_text", 512) };
}

std::string clip_in_words(const json& config)
{
    const auto sizes = clip_sizes(config);
    const auto& vision = config.contains("vision_cfg") ? section(config, "vision_cfg") : config;
    const auto layers = config.contains("vision_cfg") ? vision.value("layers", json())
                                                      : config.value("vision_layers", json());
    const auto patch = vision.value(
        "patch_size", config.value("vision_patch_size", config.value("visual_patch_size", json())));
    const auto tower = layers == 0 ? std::string("no image tower")
        : layers.is_array()        ? std::string("ResNet")
                                   : "vision transformer with patches of " + patch.dump() + " pixels";
    const auto pictures = layers == 0 ? "" : ", pictures of " + std::to_string(sizes.image_size) + " pixels";
    return tower + pictures + ", " + std::to_string(sizes.context_length) + " of "
        + std::to_string(sizes.vocab_size) + " tokens, embeddings of " + std::to_string(sizes.embed_dim)
        + " numbers";
}

} // namespace reverie
