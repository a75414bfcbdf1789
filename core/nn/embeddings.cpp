// SPDX-License-Identifier: MIT
#include "core/nn/embeddings.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

Tensor SinusoidalPosEmbImpl::forward(const Tensor& t)
{
    const auto half = dim_ / 2;
    const auto exponent = torch::arange(half, torch::TensorOptions(t.device()).dtype(torch::kFloat32));
    const auto f = torch::exp(exponent * (-std::log(10000.) / static_cast<double>(half - 1)));
    const auto angle = t.to(torch::kFloat32).unsqueeze(-1) * f; // (b, dim/2)
    return torch::cat({ angle.sin(), angle.cos() }, -1); // (b, dim)
}

RotaryEmbeddingImpl::RotaryEmbeddingImpl(std::int64_t dim)
{
    const auto exponent = torch::arange(0, dim, 2).slice(0, 0, dim / 2).to(torch::kFloat32) / dim;
    freqs = register_parameter("freqs", torch::pow(10000., exponent).reciprocal(), /*requires_grad=*/false);
}

Tensor RotaryEmbeddingImpl::rotate(const Tensor& x) const
{
    const auto n = x.size(-2), rotated = 2 * freqs.size(0);
    const auto position = torch::arange(n, freqs.options());
    const auto angle = torch::outer(position, freqs); // (n, r/2)
    const auto cos = angle.cos().to(x.scalar_type()), sin = angle.sin().to(x.scalar_type());
    const auto pairs = x.narrow(-1, 0, rotated).unflatten(-1, { rotated / 2, 2 }); // (..., n, r/2, 2)
    const auto even = pairs.select(-1, 0), odd = pairs.select(-1, 1);
    const auto turned
        = torch::stack({ even * cos - odd * sin, odd * cos + even * sin }, -1).flatten(-2); // (..., n, r)
    return rotated == x.size(-1) ? turned : torch::cat({ turned, x.slice(-1, rotated) }, -1);
}

Tensor relative_position_bucket(const Tensor& relative_position, std::int64_t num_buckets,
                                std::int64_t max_distance)
{
    const auto n = (-relative_position).clamp_min(0);
    const auto max_exact = num_buckets / 2;
    const auto exact = static_cast<double>(max_exact);
    const auto logarithmic = max_exact
        + (torch::log(n.to(torch::kFloat32) / exact) / std::log(static_cast<double>(max_distance) / exact)
           * (num_buckets - max_exact))
              .to(torch::kInt64);
    return torch::where(n < max_exact, n, logarithmic.clamp_max(num_buckets - 1));
}

RelPosBiasImpl::RelPosBiasImpl(std::int64_t heads, std::int64_t num_buckets, std::int64_t max_distance)
    : num_buckets_(num_buckets)
    , max_distance_(max_distance)
    , relative_attention_bias(
          register_module("relative_attention_bias", torch::nn::Embedding(num_buckets, heads)))
{
}

Tensor RelPosBiasImpl::forward(std::int64_t i, std::int64_t j)
{
    const auto options = torch::TensorOptions(relative_attention_bias->weight.device()).dtype(torch::kInt64);
    const auto distance = torch::arange(j, options).unsqueeze(0) - torch::arange(i, options).unsqueeze(1);
    const auto bucket = relative_position_bucket(distance, num_buckets_, max_distance_); // (i, j)
    return relative_attention_bias(bucket).permute({ 2, 0, 1 }); // (h, i, j)
}

} // namespace reverie
