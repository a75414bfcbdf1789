// SPDX-License-Identifier: MIT
#include "core/io/karlo_names.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace reverie {

namespace {

struct Renaming {
    std::string_view theirs, karlo;
    std::int64_t part = 0, parts = 1;
    bool convolution = false;
};

constexpr std::array<Renaming, 11> prior_names{ {
    { "time_embedding.linear_1", "time_embed.0" },
    { "time_embedding.linear_2", "time_embed.2" },
    { "proj_in", "clip_img_proj" },
    { "embedding_proj", "text_emb_proj" },
    { "encoder_hidden_states_proj", "text_enc_proj" },
    { "positional_embedding", "positional_embedding" },
    { "prd_embedding", "prd_emb" },
    { "norm_out", "final_ln" },
    { "proj_to_clip_embeddings", "out_proj" },
    { "clip_mean", "clip_mean" },
    { "clip_std", "clip_std" },
} };
constexpr std::array<Renaming, 8> prior_block_names{ {
    { "attn1.to_q", "attn.c_qkv", 0, 3 },
    { "attn1.to_k", "attn.c_qkv", 1, 3 },
    { "attn1.to_v", "attn.c_qkv", 2, 3 },
    { "attn1.to_out.0", "attn.c_proj" },
    { "ff.net.0.proj", "mlp.c_fc" },
    { "ff.net.2", "mlp.c_proj" },
    { "norm1", "ln_1" },
    { "norm3", "ln_2" },
} };
constexpr std::array<Renaming, 6> text_proj_names{ {
    { "encoder_hidden_states_proj", "text_seq_proj.0" },
    { "text_encoder_hidden_states_norm", "text_seq_proj.1" },
    { "clip_extra_context_tokens_proj", "clip_tok_proj" },
    { "embedding_proj", "text_feat_proj" },
    { "learned_classifier_free_guidance_embeddings", "cf_param" },
    { "clip_image_embeddings_project_to_time_embeddings", "clip_emb" },
} };
constexpr std::array<Renaming, 5> unet_names{ {
    { "time_embedding.linear_1", "time_embed.0" },
    { "time_embedding.linear_2", "time_embed.2" },
    { "conv_in", "input_blocks.0.0" },
    { "conv_norm_out", "out.0" },
    { "conv_out", "out.2" },
} };
constexpr std::array<Renaming, 13> unet_block_names{ {
    { "norm1", "in_layers.0" },
    { "conv1", "in_layers.2" },
    { "time_emb_proj", "emb_layers.1" },
    { "norm2", "out_layers.0" },
    { "conv2", "out_layers.3" },
    { "conv_shortcut", "skip_connection" },
    { "group_norm", "norm" },
    { "to_q", "qkv", 0, 3, true },
    { "to_k", "qkv", 1, 3, true },
    { "to_v", "qkv", 2, 3, true },
    { "add_k_proj", "encoder_kv", 0, 2, true },
    { "add_v_proj", "encoder_kv", 1, 2, true },
    { "to_out.0", "proj_out", 0, 1, true },
} };

/// `name` by the table, whose names are whole or end before a ".weight" or ".bias".
std::optional<KarloName> renamed(std::span<const Renaming> table, const std::string& name)
{
    for (const auto& entry : table) {
        if (!name.starts_with(entry.theirs))
            continue;
        const auto rest = name.substr(entry.theirs.size());
        if (rest.empty() || rest == ".weight" || rest == ".bias")
            return KarloName{ std::string(entry.karlo) + rest, entry.part, entry.parts,
                              entry.convolution && rest == ".weight" };
    }
    return std::nullopt;
}

/// "down", 1, "resnets", 2 and "conv1.weight" of "down_blocks.1.resnets.2.conv1.weight".
struct BlockName {
    std::string way;
    std::int64_t level = 0;
    std::string list;
    std::int64_t index = 0;
    std::string inside;
};

/// Takes what stands before the next dot.
std::string taken(std::string& name)
{
    const auto dot = std::min(name.find('.'), name.size());
    auto first = name.substr(0, dot);
    name.erase(0, std::min(dot + 1, name.size()));
    return first;
}

std::optional<std::int64_t> taken_number(std::string& name)
{
    constexpr std::size_t most_digits = 4;
    const auto text = taken(name);
    if (text.empty() || text.size() > most_digits
        || text.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    return std::stoll(text);
}

std::optional<BlockName> block_name(std::string name)
{
    BlockName block;
    const auto place = taken(name);
    if (place == "mid_block") {
        block.way = "mid";
    } else {
        if (place != "down_blocks" && place != "up_blocks")
            return std::nullopt;
        block.way = place == "down_blocks" ? "down" : "up";
        const auto level = taken_number(name);
        if (!level)
            return std::nullopt;
        block.level = *level;
    }
    block.list = taken(name);
    const auto index = taken_number(name);
    if (!index)
        return std::nullopt;
    block.index = *index;
    block.inside = name;
    return block;
}

} // namespace

UnetNames::UnetNames(const StoredTensors& names)
{
    for (const auto& [name, tensor] : names) {
        const auto block = block_name(name);
        if (!block)
            continue;
        const bool attends = block->list == "attentions";
        if (block->way == "down" && block->level == 0 && block->list == "resnets")
            blocks_ = std::max(blocks_, block->index + 1);
        middle_attends_ = middle_attends_ || (block->way == "mid" && attends);
        if (block->way == "up") {
            const auto level = static_cast<std::size_t>(block->level);
            up_attends_.resize(std::max(up_attends_.size(), level + 1));
            up_attends_[level] = up_attends_[level] || attends;
        }
    }
}

std::string UnetNames::block(const std::string& way, std::int64_t level, const std::string& list,
                             std::int64_t index) const
{
    const auto number = [](std::int64_t value) { return std::to_string(value); };
    if (way == "mid") {
        const auto second = middle_attends_ ? 2 : 1;
        return "middle_block." + number(list == "attentions" ? 1 : index == 0 ? 0 : second) + ".";
    }
    const auto first = level * (blocks_ + 1);
    if (way == "down")
        return "input_blocks." + number(1 + first + (list == "downsamplers" ? blocks_ : index))
            + (list == "attentions" ? ".1." : ".0.");
    const auto second = up_attends_.at(static_cast<std::size_t>(level)) ? ".2." : ".1.";
    return "output_blocks." + number(first + (list == "upsamplers" ? blocks_ : index))
        + (list == "attentions"       ? ".1."
               : list == "upsamplers" ? second
                                      : ".0.");
}

std::optional<KarloName> UnetNames::in_karlo(const std::string& name) const
{
    if (auto whole = renamed(unet_names, name))
        return whole;
    const auto place = block_name(name);
    if (!place)
        return std::nullopt;
    auto inside = renamed(unet_block_names, place->inside);
    if (inside)
        inside->name = block(place->way, place->level, place->list, place->index) + inside->name;
    return inside;
}

std::optional<KarloName> prior_name_in_karlo(const std::string& name)
{
    auto rest = name;
    if (taken(rest) != "transformer_blocks")
        return renamed(prior_names, name);
    const auto block = taken_number(rest);
    auto inside = renamed(prior_block_names, rest);
    if (!block || !inside)
        return std::nullopt;
    inside->name = "transformer.resblocks." + std::to_string(*block) + "." + inside->name;
    return inside;
}

std::optional<KarloName> text_proj_name_in_karlo(const std::string& name)
{
    return renamed(text_proj_names, name);
}

StoredTensors tensors_below(const StoredTensors& tensors, const std::string& prefix)
{
    StoredTensors below;
    for (auto it = tensors.lower_bound(prefix); it != tensors.end() && it->first.starts_with(prefix); ++it)
        below[it->first.substr(prefix.size())] = it->second;
    return below;
}

} // namespace reverie
