// SPDX-License-Identifier: MIT
#include "core/nn/attention.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

namespace {

constexpr double cosine_sim_scale = 16;

torch::nn::Linear linear_without_bias(std::int64_t in, std::int64_t out)
{
    return torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(false));
}

torch::nn::Conv2d conv1x1_without_bias(std::int64_t in, std::int64_t out)
{
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1).bias(false));
}

Tensor split_heads(const Tensor& x, std::int64_t heads) // (b, n, h*d) -> (b, h, n, d)
{
    return x.unflatten(-1, { heads, x.size(-1) / heads }).transpose(1, 2);
}

Tensor merge_heads(const Tensor& x) // (b, h, n, d) -> (b, n, h*d)
{
    return x.transpose(1, 2).flatten(-2);
}

Tensor softmax_in_float(const Tensor& logits, torch::ScalarType dtype)
{
    return torch::softmax(logits, -1, torch::kFloat32).to(dtype);
}

} // namespace

AttentionImpl::AttentionImpl(const AttentionOptions& options)
    : options_(options)
    , norm(register_module("norm", LayerNorm(options.dim)))
    , null_kv(register_parameter("null_kv", torch::randn({ 2, options.dim_head })))
    , to_q(register_module("to_q", linear_without_bias(options.dim, options.dim_head * options.heads)))
    , to_kv(register_module("to_kv", linear_without_bias(options.dim, options.dim_head * 2)))
    , to_out(register_module(
          "to_out",
          torch::nn::Sequential(linear_without_bias(options.dim_head * options.heads, options.dim),
                                LayerNorm(options.dim))))
{
    if (options_.rotary_emb)
        register_module("rotary_emb", options_.rotary_emb);
}

Tensor AttentionImpl::forward(const Tensor& input, const Tensor& attn_bias)
{
    const auto b = input.size(0), n = input.size(1), h = options_.heads;
    const auto x = norm(input);
    auto q = split_heads(to_q(x), h); // (b, h, n, d)
    const auto kv = to_kv(x).chunk(2, -1); // (b, n, d) each
    auto k = kv[0];
    if (options_.rotary_emb) {
        q = options_.rotary_emb->rotate(q);
        k = options_.rotary_emb->rotate(k);
    }
    const auto null = null_kv.to(x.scalar_type()).unsqueeze(1).unsqueeze(1).expand({ 2, b, 1, -1 });
    k = torch::cat({ null[0], k }, 1); // (b, n+1, d)
    const auto v = torch::cat({ null[1], kv[1] }, 1);
    double scale = 1. / static_cast<double>(options_.dim_head);
    if (options_.cosine_sim) {
        q = l2norm(q);
        k = l2norm(k);
        scale = cosine_sim_scale;
    }
    // One key/value head: all query heads make one product.
    auto logits = torch::bmm((q * scale).reshape({ b, h * n, -1 }), k.transpose(1, 2))
                      .view({ b, h, n, n + 1 })
                      .to(torch::kFloat32); // what masks it is beyond bf16
    if (attn_bias.defined())
        logits = logits + attn_bias;
    if (options_.causal) {
        const auto future = torch::ones({ n, n + 1 }, logits.options().dtype(torch::kBool)).triu(2);
        logits = logits.masked_fill(future, -std::numeric_limits<float>::max());
    }
    auto attn = softmax_in_float(logits, v.scalar_type());
    attn = torch::dropout(attn, options_.dropout, is_training());
    const auto out = torch::bmm(attn.view({ b, h * n, n + 1 }), v).view({ b, h, n, -1 });
    return to_out->forward(merge_heads(out));
}

CrossAttentionImpl::CrossAttentionImpl(const CrossAttentionOptions& options)
    : options_(options)
    , norm(register_module("norm", LayerNorm(options.dim)))
    , null_kv(register_parameter("null_kv", torch::randn({ 2, options.dim_head })))
    , to_q(register_module("to_q", linear_without_bias(options.dim, options.dim_head * options.heads)))
    , to_kv(register_module("to_kv",
                            linear_without_bias(options.context_dim, options.dim_head * options.heads * 2)))
    , to_out(register_module(
          "to_out",
          torch::nn::Sequential(linear_without_bias(options.dim_head * options.heads, options.dim),
                                LayerNorm(options.dim))))
{
}

Tensor CrossAttentionImpl::forward(const Tensor& x, const Tensor& context)
{
    const auto b = x.size(0), h = options_.heads;
    auto q = split_heads(to_q(norm(x)), h); // (b, h, n, d)
    const auto kv = to_kv(context).chunk(2, -1);
    const auto null = null_kv.to(x.scalar_type()).view({ 2, 1, 1, 1, -1 }).expand({ 2, b, h, 1, -1 });
    auto k = torch::cat({ null[0], split_heads(kv[0], h) }, 2); // (b, h, m+1, d)
    const auto v = torch::cat({ null[1], split_heads(kv[1], h) }, 2);
    double scale = 1. / std::sqrt(static_cast<double>(options_.dim_head));
    if (options_.cosine_sim) {
        q = l2norm(q);
        k = l2norm(k);
        scale = cosine_sim_scale;
    }
    const auto attn
        = softmax_in_float(q.matmul((k * scale).transpose(-2, -1)), v.scalar_type()); // (b, h, n, m+1)
    return to_out->forward(merge_heads(attn.matmul(v)));
}

LinearAttentionImpl::LinearAttentionImpl(std::int64_t dim, std::int64_t dim_head, std::int64_t heads)
    : dim_head_(dim_head)
    , heads_(heads)
    , norm(register_module("norm", ChanLayerNorm(dim)))
    , to_qkv(register_module("to_qkv", conv1x1_without_bias(dim, dim_head * heads * 3)))
    , to_out(register_module(
          "to_out", torch::nn::Sequential(conv1x1_without_bias(dim_head * heads, dim), ChanLayerNorm(dim))))
{
}

Tensor LinearAttentionImpl::forward(const Tensor& fmap)
{
    const auto b = fmap.size(0), height = fmap.size(2), width = fmap.size(3), n = height * width;
    const auto qkv = to_qkv(norm(fmap)).contiguous().view({ b, 3, heads_, dim_head_, n }); // (b, 3, h, d, n)
    const auto q = qkv.select(1, 0).softmax(-2) / std::sqrt(static_cast<double>(dim_head_));
    const auto k = qkv.select(1, 1).softmax(-1) / std::sqrt(static_cast<double>(n));
    const auto v = torch::nn::functional::normalize(qkv.select(1, 2),
                                                    torch::nn::functional::NormalizeFuncOptions().dim(-2))
        / std::sqrt(static_cast<double>(n));
    const auto context = k.matmul(v.transpose(-2, -1)); // (b, h, d, e)
    const auto out = context.transpose(-2, -1).matmul(q); // (b, h, e, n)
    return to_out->forward(torch::gelu(out).reshape({ b, heads_ * dim_head_, height, width }));
}

SequenceAttentionImpl::SequenceAttentionImpl(const AttentionOptions& options)
    : fn(register_module("fn", ResidualAttention(Attention(options))))
{
}

Tensor SequenceAttentionImpl::forward(const Tensor& fmap)
{
    const auto sequence = fmap.flatten(2).transpose(1, 2); // (b, h*w, c)
    return fn->forward(sequence).transpose(1, 2).unflatten(2, { fmap.size(2), fmap.size(3) });
}

} // namespace reverie
