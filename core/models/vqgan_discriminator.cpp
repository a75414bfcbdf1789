// SPDX-License-Identifier: MIT
#include "core/models/vqgan_discriminator.h"

#include "core/base/error.h"

#include <torch/torch.h>

namespace reverie {

namespace {

using torch::nn::Conv2d, torch::nn::Conv2dOptions, torch::nn::GroupNorm, torch::nn::Sequential;

constexpr std::int64_t groups = 16;

torch::nn::LeakyReLU leaky_relu()
{
    return torch::nn::LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(0.1));
}

/// -log(sigmoid(x)), as large as -log(1e-10).
Tensor cross_entropy(const Tensor& x)
{
    return -(x.sigmoid() + 1e-10).log();
}

} // namespace

DiscriminatorImpl::DiscriminatorImpl(std::int64_t dim, std::int64_t layers, std::int64_t channels)
    : layers_(register_module("layers", torch::nn::ModuleList()))
{
    if (dim % groups != 0)
        throw UsageError("A discriminator's dim must be a multiple of " + std::to_string(groups) + ", not "
                         + std::to_string(dim) + ".");
    layers_->push_back(Sequential(Conv2d(Conv2dOptions(channels, dim, 5).padding(2)), leaky_relu()));
    auto last = dim;
    for (std::int64_t i = 0; i < layers; ++i) {
        const auto dim_out = dim << i;
        layers_->push_back(Sequential(Conv2d(Conv2dOptions(last, dim_out, 4).stride(2).padding(1)),
                                      GroupNorm(groups, dim_out), leaky_relu()));
        last = dim_out;
    }
    to_logits = register_module(
        "to_logits",
        Sequential(Conv2d(Conv2dOptions(last, last, 1)), leaky_relu(), Conv2d(Conv2dOptions(last, 1, 4))));
}

Tensor DiscriminatorImpl::forward(const Tensor& image)
{
    auto x = image;
    for (const auto& layer : *layers_)
        x = layer->as<Sequential>()->forward(x);
    return to_logits->forward(x);
}

Tensor discriminator_loss(const Tensor& fake, const Tensor& real, bool hinge)
{
    if (hinge)
        return ((1 + fake).relu() + (1 - real).relu()).mean();
    return (cross_entropy(-fake) + cross_entropy(real)).mean();
}

Tensor generator_loss(const Tensor& fake, bool hinge)
{
    return hinge ? -fake.mean() : cross_entropy(fake).mean();
}

Tensor gradient_penalty(const Tensor& images, const Tensor& logits)
{
    const auto gradient = torch::autograd::grad({ logits }, { images }, { torch::ones_like(logits) },
                                                /*retain_graph=*/true, /*create_graph=*/true)[0];
    return 10 * (gradient.flatten(1).norm(2, 1) - 1).square().mean();
}

} // namespace reverie
