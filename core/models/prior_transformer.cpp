// SPDX-License-Identifier: MIT
#include "core/models/prior_transformer.h"

#include "core/base/error.h"
#include "core/nn/adm_layers.h"
#include "core/nn/timestep_embedding.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

namespace reverie {

namespace {

using torch::nn::Linear;

constexpr std::int64_t other_tokens = 4; ///< text embedding, time, image embedding, query
constexpr double minus_infinity = -std::numeric_limits<float>::infinity();

torch::nn::LayerNorm layer_norm(std::int64_t width)
{
    return torch::nn::LayerNorm(torch::nn::LayerNormOptions({ width }));
}

/// Cut or padded with zeros along dimension 1.
Tensor to_length(const Tensor& x, std::int64_t length)
{
    const auto cut = x.slice(1, 0, length);
    return cut.size(1) == length ? cut : torch::constant_pad_nd(cut, { 0, 0, 0, length - cut.size(1) });
}

} // namespace

PriorBlockImpl::PriorBlockImpl(std::int64_t width, std::int64_t heads)
    : heads_(heads)
    , ln_1(register_module("ln_1", layer_norm(width)))
    , ln_2(register_module("ln_2", layer_norm(width)))
    , c_qkv(Linear(width, 3 * width))
    , attn_proj(Linear(width, width))
    , c_fc(Linear(width, 4 * width))
    , mlp_proj(Linear(4 * width, width))
{
    register_module("attn", module_of({ { "c_qkv", c_qkv.ptr() }, { "c_proj", attn_proj.ptr() } }));
    register_module("mlp", module_of({ { "c_fc", c_fc.ptr() }, { "c_proj", mlp_proj.ptr() } }));
}

Tensor PriorBlockImpl::forward(const Tensor& x, const Tensor& bias)
{
    const auto b = x.size(0), n = x.size(1), width = x.size(2);
    const auto qkv = c_qkv(ln_1(x.to(ln_1->weight.scalar_type())))
                         .view({ b, n, heads_, 3 * width / heads_ })
                         .transpose(1, 2)
                         .chunk(3, -1); // (b, h, n, d)
    const auto scale = 1 / std::sqrt(static_cast<double>(width / heads_));
    const auto weights
        = ((qkv[0] * scale).matmul(qkv[1].transpose(2, 3)) + bias.unsqueeze(1)).softmax(-1); // (b, h, n, n)
    const auto attended = weights.matmul(qkv[2]).transpose(1, 2).reshape({ b, n, width });
    const auto h = x + attn_proj(attended);
    return h + mlp_proj(torch::gelu(c_fc(ln_2(h.to(ln_2->weight.scalar_type())))));
}

PriorTransformerImpl::PriorTransformerImpl(const PriorTransformerOptions& o)
    : options_(o)
{
    if (o.xf_heads < 1 || o.xf_width < 2 || o.xf_width % o.xf_heads != 0)
        throw UsageError("prior.net.xf_width is " + std::to_string(o.xf_width) + " and prior.net.xf_heads "
                         + std::to_string(o.xf_heads) + "; the width must be a multiple of the heads.");
    time_1 = Linear(o.xf_width, o.xf_width);
    time_2 = Linear(o.xf_width, o.xf_width);
    register_module("time_embed", module_of({ { "0", time_1.ptr() }, { "2", time_2.ptr() } }));
    text_enc_proj = register_module("text_enc_proj", Linear(o.clip_dim, o.xf_width));
    text_emb_proj = register_module("text_emb_proj", Linear(o.clip_dim, o.xf_width));
    clip_img_proj = register_module("clip_img_proj", Linear(o.clip_dim, o.xf_width));
    out_proj = register_module("out_proj", Linear(o.xf_width, o.clip_dim));
    std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>> children;
    for (std::int64_t i = 0; i < o.xf_layers; ++i) {
        blocks_.emplace_back(PriorBlock(o.xf_width, o.xf_heads));
        children.emplace_back(std::to_string(i), blocks_.back().ptr());
    }
    register_module("transformer", module_of({ { "resblocks", module_of(children) } }));
    if (o.xf_final_ln)
        final_ln = register_module("final_ln", layer_norm(o.xf_width));
    positional_embedding = register_parameter(
        "positional_embedding", torch::randn({ 1, o.text_ctx + other_tokens, o.xf_width }) * 0.01);
    prd_emb = register_parameter("prd_emb", torch::randn({ 1, 1, o.xf_width }) * 0.01);
}

Tensor PriorTransformerImpl::forward(const Tensor& image_embed, const Tensor& times,
                                     const TextCondition& text)
{
    const auto b = image_embed.size(0), n = options_.text_ctx + other_tokens;
    const auto encodings = to_length(text.text_encodings, options_.text_ctx);
    const auto time = timestep_embedding(times, options_.xf_width).to(image_embed.dtype());
    const auto tokens = torch::cat({ text_enc_proj(encodings), text_emb_proj(text.text_embed).unsqueeze(1),
                                     time_2(torch::silu(time_1(time))).unsqueeze(1),
                                     clip_img_proj(image_embed).unsqueeze(1), prd_emb.expand({ b, 1, -1 }) },
                                   1)
        + positional_embedding; // (b, n, xf_width)

    const auto present
        = torch::constant_pad_nd((encodings != 0).any(-1), { 0, other_tokens }, true); // (b, n)
    const auto later = torch::ones({ n, n }, present.options()).triu(1);
    const auto hidden = present.logical_not().unsqueeze(1).logical_or(later); // (b, n, n)
    const auto bias = torch::zeros(hidden.sizes(), tokens.options()).masked_fill(hidden, minus_infinity);
    auto x = tokens;
    for (auto& block : blocks_)
        x = block(x, bias);
    x = x.select(1, -1);
    return out_proj(final_ln ? final_ln(x.to(final_ln->weight.scalar_type())) : x); // (b, clip_dim)
}

} // namespace reverie
