// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace reverie {

using torch::Tensor;

/// [sin(t f_i), cos(t f_i)] with f_i = 10000^(-i / (dim/2 - 1)) (Vaswani et al. 2017).
class SinusoidalPosEmbImpl : public torch::nn::Module
{
public:
    explicit SinusoidalPosEmbImpl(std::int64_t dim)
        : dim_(dim)
    {
    }
    Tensor forward(const Tensor& t); // (b), any real type -> (b, dim)

private:
    std::int64_t dim_;
};
TORCH_MODULE(SinusoidalPosEmb);

/// Rotary positions (Su et al. 2021) on interleaved channel pairs; channels past 2 * len(freqs) pass.
class RotaryEmbeddingImpl : public torch::nn::Module
{
public:
    explicit RotaryEmbeddingImpl(std::int64_t dim);
    Tensor rotate(const Tensor& x) const; // (..., n, d), position = index along n

    Tensor freqs; ///< (dim / 2), a parameter that does not train
};
TORCH_MODULE(RotaryEmbedding);

/// T5's bucketed bias for past distances (Raffel et al. 2019).
class RelPosBiasImpl : public torch::nn::Module
{
public:
    explicit RelPosBiasImpl(std::int64_t heads = 8, std::int64_t num_buckets = 32,
                            std::int64_t max_distance = 128);
    Tensor forward(std::int64_t i, std::int64_t j); // -> (heads, i, j)

private:
    std::int64_t num_buckets_, max_distance_;
    torch::nn::Embedding relative_attention_bias{ nullptr };
};
TORCH_MODULE(RelPosBias);

/// key position - query position -> bucket: exact up to num_buckets / 2, then logarithmic up to max_distance.
Tensor relative_position_bucket(const Tensor& relative_position, std::int64_t num_buckets,
                                std::int64_t max_distance);

} // namespace reverie
