// SPDX-License-Identifier: MIT
#pragma once

#include "core/nn/normalization.h"

#include <torch/nn/modules/container/sequential.h>

namespace reverie {

/// x * silu(gate) of [x, gate] (Shazeer 2020).
class SwiGluImpl : public torch::nn::Module
{
public:
    Tensor forward(const Tensor& x); // (..., 2 d) -> (..., d)
};
TORCH_MODULE(SwiGlu);

/// x * gelu(gate) of [x, gate].
class GegluImpl : public torch::nn::Module
{
public:
    Tensor forward(const Tensor& x);
};
TORCH_MODULE(Geglu);

/// norm, linear, SwiGLU, [norm], dropout, linear: the prior's.
torch::nn::Sequential swiglu_feed_forward(std::int64_t dim, std::int64_t mult, double dropout,
                                          bool post_activation_norm);

/// linear, GEGLU, norm, dropout, linear: x-clip's.
torch::nn::Sequential geglu_feed_forward(std::int64_t dim, std::int64_t mult, double dropout);

} // namespace reverie
