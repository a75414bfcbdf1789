// SPDX-License-Identifier: MIT
#pragma once

#include "core/nn/attention.h"

#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/normalization.h>

namespace reverie {

/// 3x3 convolution, group norm, optional scale and shift, SiLU.
class BlockImpl : public torch::nn::Module
{
public:
    BlockImpl(std::int64_t dim, std::int64_t dim_out, std::int64_t groups,
              bool weight_standardization = false);
    /// x (b, dim, h, w); scale_shift (b, 2 dim_out) or undefined: scale first.
    Tensor forward(const Tensor& x, const Tensor& scale_shift = {});

private:
    bool weight_standardization_;
    torch::nn::Conv2d project{ nullptr };
    torch::nn::GroupNorm norm{ nullptr };
};
TORCH_MODULE(Block);

struct ResnetBlockOptions {
    std::int64_t dim = 0, dim_out = 0;
    std::int64_t cond_dim = 0; ///< width of the condition tokens; 0: no cross attention
    std::int64_t time_cond_dim = 0;
    std::int64_t groups = 8;
    bool weight_standardization = false;
    bool cosine_sim_cross_attn = false;
};

/// Two blocks around a skip; the time scales and shifts the first, the condition tokens are attended to
/// between them.
class ResnetBlockImpl : public torch::nn::Module
{
public:
    explicit ResnetBlockImpl(const ResnetBlockOptions& options);
    /// x (b, dim, h, w), time (b, time_cond_dim), cond (b, n, cond_dim) -> (b, dim_out, h, w)
    Tensor forward(const Tensor& x, const Tensor& time, const Tensor& cond = {});
    /// The same, computed again in the backward pass instead of kept for it.
    Tensor forward_checkpointed(const Tensor& x, const Tensor& time, const Tensor& cond = {});

protected:
    /// The block's second half, (b, dim_out, h, w) -> the same.
    virtual Tensor second_half(const Tensor& h) { return block2(h); }

    Block block2{ nullptr };

private:
    torch::nn::Sequential time_mlp{ nullptr };
    CrossAttention cross_attn{ nullptr };
    Block block1{ nullptr };
    torch::nn::Conv2d res_conv{ nullptr };
};
TORCH_MODULE(ResnetBlock);

} // namespace reverie
