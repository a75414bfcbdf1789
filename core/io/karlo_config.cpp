// SPDX-License-Identifier: MIT
#include "core/io/karlo_config.h"

#include "core/base/error.h"

#include <algorithm>

namespace reverie {

namespace {

using nlohmann::json;

constexpr std::int64_t published_head_width = 64, published_size = 64, other_tokens = 4;

/// Asks for dimensions of tensors that must be there.
class Shapes
{
public:
    Shapes(const KarloShape& shape, std::string what)
        : shape_(shape)
        , what_(std::move(what))
    {
    }

    [[nodiscard]] bool has(const std::string& name) const { return !shape_(name).empty(); }

    [[nodiscard]] std::int64_t size(const std::string& name, std::size_t dim) const
    {
        const auto shape = shape_(name);
        if (shape.empty())
            throw Error(what_ + " lacks the tensor " + name + "; get the whole file.");
        if (dim >= shape.size() || shape[dim] < 1)
            refuse(name);
        return shape[dim];
    }

    [[noreturn]] void refuse(const std::string& name) const
    {
        throw Error(what_ + " has a tensor " + name
                    + " of a shape that Karlo's networks don't have; get it "
                      "elsewhere.");
    }

private:
    const KarloShape& shape_;
    std::string what_;
};

std::string block(const char* way, std::int64_t index, const char* inside)
{
    return std::string(way) + std::to_string(index) + inside;
}

std::int64_t whole(const json& object, const char* key, std::int64_t fallback)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() && found->get<std::int64_t>() > 0
        ? found->get<std::int64_t>()
        : fallback;
}

/// Residual blocks of a resolution: after so many, and one more, the way up changes the resolution.
std::int64_t blocks_of(const Shapes& shapes)
{
    std::int64_t index = 0;
    for (; shapes.has(block("output_blocks.", index, ".0.in_layers.0.weight")); ++index)
        for (const char* second : { ".1.in_layers.0.weight", ".2.in_layers.0.weight" })
            if (shapes.has(block("output_blocks.", index, second)))
                return std::max<std::int64_t>(index, 1);
    return std::max<std::int64_t>(index - 1, 1);
}

/// What the shapes of a guided-diffusion U-Net show, as UnetOptions.
json trunk_config(const Shapes& shapes, const KarloGiven& given, std::int64_t side)
{
    const auto dim = shapes.size("time_embed.0.weight", 1), blocks = blocks_of(shapes);
    auto mults = json::array(), attended = json::array();
    constexpr std::int64_t most_levels = 16;
    for (std::int64_t level = 0; level < most_levels; ++level) {
        const auto first = 1 + level * (blocks + 1);
        const auto conv = block("input_blocks.", first, ".0.out_layers.3.weight");
        if (!shapes.has(conv))
            break;
        const auto channels = shapes.size(conv, 0);
        if (channels % dim != 0)
            shapes.refuse(conv);
        mults.push_back(channels / dim);
        if (shapes.has(block("input_blocks.", first, ".1.qkv.weight")))
            attended.push_back(side >> level);
    }
    if (mults.empty())
        shapes.refuse("input_blocks.0.0.weight");
    json unet = { { "dim", dim },
                  { "dim_mults", mults },
                  { "num_resnet_blocks", blocks },
                  { "resnet_groups", given.groups } };
    if (!attended.empty())
        unet["attn_resolutions"] = attended;
    return unet;
}

} // namespace

KarloGiven karlo_given(const json& config)
{
    KarloGiven given;
    if (!config.is_object())
        return given;
    const json* options = &config;
    if (const auto model = config.find("model"); model != config.end() && model->is_object())
        if (const auto hparams = model->find("hparams"); hparams != model->end() && hparams->is_object())
            options = &*hparams;
    given.image_size = whole(*options, "image_size", whole(*options, "sample_size", 0));
    given.head_width = whole(*options, "num_head_channels", whole(*options, "attention_head_dim", 0));
    // Karlo counts the prior's heads.
    if (const auto heads = whole(*options, "xf_heads", 0);
        heads > 0 && !options->contains("num_head_channels"))
        given.head_width = whole(*options, "xf_width", 0) / heads;
    given.groups = whole(*options, "norm_num_groups", given.groups);
    return given;
}

json karlo_prior_config(const KarloShape& shape, const KarloGiven& given, const std::string& what)
{
    const Shapes shapes(shape, what);
    const auto width = shapes.size("prd_emb", 2), tokens = shapes.size("positional_embedding", 1);
    const auto head_width = given.head_width > 0 ? given.head_width : published_head_width;
    if (tokens <= other_tokens)
        shapes.refuse("positional_embedding");
    std::int64_t layers = 0;
    while (shapes.has(block("transformer.resblocks.", layers, ".ln_1.weight")))
        ++layers;
    return { { "kind", "karlo" },
             { "net",
               { { "text_ctx", tokens - other_tokens },
                 { "xf_width", width },
                 { "xf_layers", layers },
                 { "xf_heads", std::max<std::int64_t>(width / head_width, 1) },
                 { "xf_final_ln", shapes.has("final_ln.weight") },
                 { "clip_dim", shapes.size("out_proj.weight", 0) } } } };
}

json karlo_decoder_config(const KarloShape& shape, const KarloGiven& given, const std::string& what)
{
    const Shapes shapes(shape, what);
    const auto side = given.image_size > 0 ? given.image_size : published_size;
    const auto channels = shapes.size("input_blocks.0.0.weight", 1);
    const auto out = shapes.size("out.2.weight", 0);
    if (out != channels && out != 2 * channels)
        shapes.refuse("out.2.weight");
    auto unet = trunk_config(shapes, given, side);
    unet["kind"] = "adm";
    unet["attn_dim_head"] = given.head_width > 0 ? given.head_width : published_head_width;
    unet["image_embed_dim"] = shapes.size("clip_emb.weight", 1);
    unet["text_embed_dim"] = shapes.size("text_seq_proj.0.weight", 1);
    unet["cond_dim"] = shapes.size("text_seq_proj.0.weight", 0);
    unet["num_image_tokens"]
        = shapes.size("clip_tok_proj.weight", 0) / shapes.size("text_seq_proj.0.weight", 0);
    unet["cond_on_text_encodings"] = true;
    unet["max_text_len"] = 77; // CLIP's
    return { { "unets", json::array({ unet }) },
             { "image_sizes", { side } },
             { "channels", channels },
             { "timesteps", 1000 },
             { "sample_timesteps", { 50 } },
             { "beta_schedule", { "cosine" } },
             { "learned_variance", { out == 2 * channels } },
             { "image_cond_drop_prob", 0.1 },
             { "text_cond_drop_prob", 0.3 },
             { "use_blur_for_lowres_cond", false },
             { "respaced", true },
             { "lowres_resize", "bicubic" } };
}

json karlo_pair_config(const KarloShape& shape, const KarloGiven& given, const std::string& what)
{
    auto unet = trunk_config(Shapes(shape, what), given, given.image_size);
    unet["kind"] = "adm_pair";
    return unet;
}

std::string adm_in_words(const json& unet)
{
    std::string mults;
    for (const auto& mult : unet["dim_mults"])
        mults += (mults.empty() ? "" : ", ") + mult.dump();
    const auto blocks = unet["num_resnet_blocks"].dump();
    return "width " + unet["dim"].dump() + " (" + mults + "), " + blocks
        + (blocks == "1" ? " block" : " blocks") + " a resolution";
}

} // namespace reverie
