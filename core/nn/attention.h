// SPDX-License-Identifier: MIT
#pragma once

#include "core/nn/embeddings.h"
#include "core/nn/normalization.h"

#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

namespace reverie {

struct AttentionOptions {
    std::int64_t dim = 0;
    std::int64_t dim_head = 64;
    std::int64_t heads = 8;
    bool causal = false;
    bool cosine_sim = true; ///< unit-length queries and keys, logits times 16
    double dropout = 0;
    RotaryEmbedding rotary_emb{ nullptr };
};

/// Pre-norm self-attention with many query heads over one key/value head (Shazeer 2019) and a learned null
/// key that every position may look at. Without cosine_sim the logits are scaled by 1 / dim_head, as the
/// reference does.
class AttentionImpl : public torch::nn::Module
{
public:
    explicit AttentionImpl(const AttentionOptions& options);
    /// x (b, n, dim), attn_bias (heads, n, n + 1) or undefined -> (b, n, dim)
    Tensor forward(const Tensor& x, const Tensor& attn_bias = {});

private:
    AttentionOptions options_;
    LayerNorm norm{ nullptr };
    Tensor null_kv; ///< (2, dim_head)
    torch::nn::Linear to_q{ nullptr }, to_kv{ nullptr };
    torch::nn::Sequential to_out{ nullptr };
};
TORCH_MODULE(Attention);

struct CrossAttentionOptions {
    std::int64_t dim = 0;
    std::int64_t context_dim = 0;
    std::int64_t dim_head = 64;
    std::int64_t heads = 8;
    bool cosine_sim = false;
};

/// Pre-norm attention from x to context tokens, with a null key shared by the heads.
class CrossAttentionImpl : public torch::nn::Module
{
public:
    explicit CrossAttentionImpl(const CrossAttentionOptions& options);
    Tensor forward(const Tensor& x, const Tensor& context); // (b, n, dim), (b, m, context_dim) -> (b, n, dim)

private:
    CrossAttentionOptions options_;
    LayerNorm norm{ nullptr };
    Tensor null_kv; ///< (2, dim_head)
    torch::nn::Linear to_q{ nullptr }, to_kv{ nullptr };
    torch::nn::Sequential to_out{ nullptr };
};
TORCH_MODULE(CrossAttention);

/// Attention whose cost is linear in the pixels (Shen et al. 2018), on (b, c, h, w).
class LinearAttentionImpl : public torch::nn::Module
{
public:
    LinearAttentionImpl(std::int64_t dim, std::int64_t dim_head, std::int64_t heads);
    Tensor forward(const Tensor& fmap);

private:
    std::int64_t dim_head_, heads_;
    ChanLayerNorm norm{ nullptr };
    torch::nn::Conv2d to_qkv{ nullptr };
    torch::nn::Sequential to_out{ nullptr };
};
TORCH_MODULE(LinearAttention);

/// fn(x) + x.
template <class Inner>
class ResidualImpl : public torch::nn::Module
{
public:
    explicit ResidualImpl(Inner inner)
        : fn(register_module("fn", std::move(inner)))
    {
    }
    Tensor forward(const Tensor& x) { return fn->forward(x) + x; }

private:
    Inner fn;
};
using ResidualLinearAttentionImpl = ResidualImpl<LinearAttention>;
TORCH_MODULE(ResidualLinearAttention);
using ResidualAttentionImpl = ResidualImpl<Attention>;
TORCH_MODULE(ResidualAttention);

/// Residual self-attention among the pixels of (b, c, h, w).
class SequenceAttentionImpl : public torch::nn::Module
{
public:
    explicit SequenceAttentionImpl(const AttentionOptions& options);
    Tensor forward(const Tensor& fmap);

private:
    ResidualAttention fn{ nullptr };
};
TORCH_MODULE(SequenceAttention);

} // namespace reverie
