// SPDX-License-Identifier: MIT
#include "core/nn/normalization.h"

#include <torch/torch.h>

namespace reverie {

namespace {

double epsilon_for(const Tensor& x)
{
    return x.scalar_type() == torch::kFloat32 ? 1e-5 : 1e-3;
}

} // namespace

Tensor l2norm(const Tensor& x)
{
    return torch::nn::functional::normalize(x, torch::nn::functional::NormalizeFuncOptions().dim(-1));
}

LayerNormImpl::LayerNormImpl(std::int64_t dim, bool stable)
    : g(register_parameter("g", torch::ones({ dim })))
    , stable_(stable)
{
}

Tensor LayerNormImpl::forward(const Tensor& x)
{
    const Tensor scaled = stable_ ? x / x.amax(-1, /*keepdim=*/true).detach() : x;
    // Autocast leaves g alone on the CPU, so its type is what is normalised in.
    return torch::layer_norm(scaled.to(g.scalar_type()), { g.size(0) }, g, /*bias=*/{}, epsilon_for(x));
}

ChanLayerNormImpl::ChanLayerNormImpl(std::int64_t dim)
    : g(register_parameter("g", torch::ones({ 1, dim, 1, 1 })))
{
}

Tensor ChanLayerNormImpl::forward(const Tensor& x)
{
    const auto channels_last = x.permute({ 0, 2, 3, 1 }).to(g.scalar_type());
    return torch::layer_norm(channels_last, { g.size(1) }, g.flatten(), /*bias=*/{}, epsilon_for(x))
        .permute({ 0, 3, 1, 2 });
}

} // namespace reverie
