// SPDX-License-Identifier: MIT
#include "core/nn/feed_forward.h"

#include <torch/torch.h>

namespace reverie {

namespace {

torch::nn::Linear linear_without_bias(std::int64_t in, std::int64_t out)
{
    return torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(false));
}

} // namespace

Tensor SwiGluImpl::forward(const Tensor& x)
{
    const auto parts = x.chunk(2, -1);
    return parts[0] * torch::silu(parts[1]);
}

Tensor GegluImpl::forward(const Tensor& x)
{
    const auto parts = x.chunk(2, -1);
    return parts[0] * torch::gelu(parts[1]);
}

torch::nn::Sequential swiglu_feed_forward(std::int64_t dim, std::int64_t mult, double dropout,
                                          bool post_activation_norm)
{
    const auto inner = dim * mult;
    torch::nn::Sequential net(LayerNorm(dim), linear_without_bias(dim, inner * 2), SwiGlu());
    if (post_activation_norm)
        net->push_back(LayerNorm(inner));
    else
        net->push_back(torch::nn::Identity());
    net->push_back(torch::nn::Dropout(dropout));
    net->push_back(linear_without_bias(inner, dim));
    return net;
}

torch::nn::Sequential geglu_feed_forward(std::int64_t dim, std::int64_t mult, double dropout)
{
    const auto inner = dim * mult;
    return torch::nn::Sequential(linear_without_bias(dim, inner * 2), Geglu(), LayerNorm(inner),
                                 torch::nn::Dropout(dropout), linear_without_bias(inner, dim));
}

} // namespace reverie
