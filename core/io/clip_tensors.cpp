// SPDX-License-Identifier: MIT
#include "core/io/clip_tensors.h"

#include "core/base/error.h"
#include "core/io/torch_tensor.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace reverie {

namespace {

struct Renaming {
    std::string_view theirs, ours;
};

/// Beginnings of Hugging Face's names, then ends of what stands inside a layer.
constexpr std::array<Renaming, 11> beginnings{ {
    { "text_model.embeddings.token_embedding.", "token_embedding." },
    { "text_model.embeddings.position_embedding.weight", "positional_embedding" },
    { "text_model.encoder.layers.", "transformer.resblocks." },
    { "text_model.final_layer_norm.", "ln_final." },
    { "vision_model.embeddings.class_embedding", "visual.class_embedding" },
    { "vision_model.embeddings.patch_embedding.", "visual.conv1." },
    { "vision_model.embeddings.position_embedding.weight", "visual.positional_embedding" },
    { "vision_model.pre_layrnorm.", "visual.ln_pre." },
    { "vision_model.encoder.layers.", "visual.transformer.resblocks." },
    { "vision_model.post_layernorm.", "visual.ln_post." },
    { "logit_scale", "logit_scale" },
} };
constexpr std::array<Renaming, 5> inside{ {
    { ".self_attn.out_proj.", ".attn.out_proj." },
    { ".layer_norm1.", ".ln_1." },
    { ".layer_norm2.", ".ln_2." },
    { ".mlp.fc1.", ".mlp.c_fc." },
    { ".mlp.fc2.", ".mlp.c_proj." },
} };

std::string renamed(std::string name, const std::string& what)
{
    const auto found = std::find_if(beginnings.begin(), beginnings.end(),
                                    [&](const Renaming& r) { return name.starts_with(r.theirs); });
    if (found == beginnings.end())
        throw Error(what + " has a tensor " + name
                    + ", which no CLIP of Hugging Face has; choose another file.");
    name.replace(0, found->theirs.size(), found->ours);
    for (const auto& [theirs, ours] : inside)
        if (const auto at = name.find(theirs); at != std::string::npos)
            name.replace(at, theirs.size(), ours);
    return name;
}

/// OpenAI's names of Hugging Face's tensors.
TensorMap from_hugging_face(const TensorMap& theirs, const std::string& what)
{
    TensorMap ours;
    for (const auto& [name, tensor] : theirs) {
        const auto query = name.find(".self_attn.q_proj.");
        if (name.ends_with("position_ids") || name.find(".k_proj.") != std::string::npos
            || name.find(".v_proj.") != std::string::npos)
            continue;
        if (name == "text_projection.weight" || name == "visual_projection.weight") {
            ours[name.front() == 't' ? "text_projection" : "visual.proj"]
                = tensor.t(); // a Linear holds its transpose
        } else if (query != std::string::npos) {
            auto key = name, value = name;
            key[query + 11] = 'k';
            value[query + 11] = 'v';
            if (!theirs.contains(key) || !theirs.contains(value))
                throw Error(what + " lacks the tensors " + key + " or " + value + "; get the whole file.");
            const auto layer = renamed(name.substr(0, query) + ".", what);
            ours[layer + "attn.in_proj_" + name.substr(query + 18)]
                = torch::cat({ tensor, theirs.at(key), theirs.at(value) });
        } else {
            ours[renamed(name, what)] = tensor;
        }
    }
    if (!ours.contains("logit_scale")) // a text tower alone, or towers apart; nothing is drawn with it
        ours["logit_scale"] = torch::tensor(std::log(1 / 0.07), torch::kFloat32);
    return ours;
}

bool is_no_weight(const std::string& name)
{
    constexpr std::array<std::string_view, 4> left_out
        = { "input_resolution", "context_length", "vocab_size", "attn_mask" };
    return std::find(left_out.begin(), left_out.end(), name) != left_out.end()
        || name.starts_with("constants.");
}

} // namespace

TensorMap to_tensors(const StoredTensors& tensors, const std::string& what)
{
    TensorMap result;
    for (const auto& [name, tensor] : tensors)
        result[name] = to_tensor(tensor, what + ": the tensor " + name);
    return result;
}

TensorMap clip_tensors(const WeightsFile& file, const WeightsPart& part)
{
    auto stored = part_tensors(file, part);
    std::erase_if(stored, [](const auto& entry) { return is_no_weight(entry.first); });
    auto tensors = to_tensors(stored, file.path.string());
    return part.kind == WeightsKind::HuggingFaceClip ? from_hugging_face(tensors, file.path.string())
                                                     : tensors;
}

} // namespace reverie
