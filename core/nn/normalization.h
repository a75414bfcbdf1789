// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace reverie {

using torch::Tensor;

/// x / ||x|| over the last dimension, the norm clamped at 1e-12.
Tensor l2norm(const Tensor& x);

/// (x - mean) / sqrt(var + eps) * g over the last dimension; no bias. eps is 1e-5, in half precision 1e-3.
/// `stable` first divides by the row's largest value, so that half precision does not overflow.
class LayerNormImpl : public torch::nn::Module
{
public:
    explicit LayerNormImpl(std::int64_t dim, bool stable = false);
    Tensor forward(const Tensor& x); // (..., dim) -> (..., dim)

    Tensor g; ///< (dim)

private:
    bool stable_;
};
TORCH_MODULE(LayerNorm);

/// The same over the channels of (b, c, h, w).
class ChanLayerNormImpl : public torch::nn::Module
{
public:
    explicit ChanLayerNormImpl(std::int64_t dim);
    Tensor forward(const Tensor& x);

    Tensor g; ///< (1, dim, 1, 1)
};
TORCH_MODULE(ChanLayerNorm);

} // namespace reverie
