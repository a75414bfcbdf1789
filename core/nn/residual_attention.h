// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace reverie {

using torch::Tensor;

struct ResidualAttentionOptions {
    std::int64_t width = 512;
    std::int64_t layers = 12;
    std::int64_t heads = 8;
    double mlp_ratio = 4; ///< width of the hidden layer over `width`
    bool causal = false;
    bool quick_gelu = true; ///< x sigmoid(1.702 x); false: GELU
    std::optional<double>
        ls_init_value{}; ///< where LayerScale (Touvron et al. 2021) starts; none: without it
};

/// Multi-head self-attention under the names of PyTorch's, its three projections in one matrix.
class SelfAttentionImpl : public torch::nn::Module
{
public:
    explicit SelfAttentionImpl(const ResidualAttentionOptions& options);
    Tensor forward(const Tensor& x); // (b, n, width)

private:
    std::int64_t heads_;
    bool causal_;
    Tensor in_proj_weight, in_proj_bias; ///< (3 width, width), (3 width)
    torch::nn::Linear out_proj{ nullptr };
};
TORCH_MODULE(SelfAttention);

/// Attention and a feed-forward, each after a norm and added to what came in.
class ResidualAttentionBlockImpl : public torch::nn::Module
{
public:
    explicit ResidualAttentionBlockImpl(const ResidualAttentionOptions& options);
    Tensor forward(const Tensor& x); // (b, n, width)

private:
    bool quick_gelu_;
    torch::nn::LayerNorm ln_1{ nullptr }, ln_2{ nullptr };
    SelfAttention attn{ nullptr };
    torch::nn::Linear c_fc{ nullptr }, c_proj{ nullptr };
    Tensor scale_1, scale_2; ///< (width), undefined without LayerScale
};
TORCH_MODULE(ResidualAttentionBlock);

/// The transformer of both towers of OpenAI's CLIP.
class ResidualAttentionTransformerImpl : public torch::nn::Module
{
public:
    explicit ResidualAttentionTransformerImpl(const ResidualAttentionOptions& options);
    Tensor forward(const Tensor& x); // (b, n, width)

private:
    std::vector<ResidualAttentionBlock> blocks_;
};
TORCH_MODULE(ResidualAttentionTransformer);

} // namespace reverie
