// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace reverie {

using torch::Tensor;

/// Judges patches of a picture (PatchGAN, Isola et al. 2016): (b, c, H, W) to logits (b, 1, h, w), high for
/// real.
class DiscriminatorImpl : public torch::nn::Module
{
public:
    /// `layers` halvings, whose channels double from `dim`, a multiple of 16.
    DiscriminatorImpl(std::int64_t dim, std::int64_t layers, std::int64_t channels);
    Tensor forward(const Tensor& image);

private:
    torch::nn::ModuleList layers_;
    torch::nn::Sequential to_logits{ nullptr };
};
TORCH_MODULE(Discriminator);

/// Hinge: mean of max(0, 1 + fake) + max(0, 1 - real), and -fake for the generator (Lim & Ye 2017). Otherwise
/// binary cross entropy of the logits.
Tensor discriminator_loss(const Tensor& fake_logits, const Tensor& real_logits, bool hinge);
Tensor generator_loss(const Tensor& fake_logits, bool hinge);

/// 10 times the mean of (|d logits / d images| - 1)^2 (WGAN-GP, Gulrajani et al. 2017). `images` must require
/// gradients; the result can be derived further.
Tensor gradient_penalty(const Tensor& images, const Tensor& logits);

} // namespace reverie
