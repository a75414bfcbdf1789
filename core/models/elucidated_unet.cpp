// SPDX-License-Identifier: MIT
#include "core/models/elucidated_unet.h"

#include <torch/torch.h>

namespace reverie {

Tensor ElucidatedUnet::denoise(const Tensor& x, const Tensor& sigma, const UnetCondition& condition,
                               double cond_scale, const UnetCondition* negative)
{
    const auto c = precondition(sigma, options_.sigma_data, x);
    return c.c_skip * x
        + c.c_out * unet_->forward_with_cond_scale(c.c_in * x, c.c_noise, condition, cond_scale, negative);
}

Tensor ElucidatedUnet::loss(const Tensor& x_start, UnetCondition condition, DropProbs drop, Noise& noise)
{
    const auto sigma = draw_sigmas(options_, x_start.size(0), noise).to(x_start.device()); // (b)
    const auto x
        = x_start + sigma.view({ -1, 1, 1, 1 }) * noise.normal(x_start.sizes()).to(x_start.options());
    if (unet_->options().self_cond && noise.coin() < 0.5) {
        torch::NoGradGuard no_grad;
        condition.self_cond = denoise(x, sigma, condition, /*cond_scale=*/1);
    }
    const auto c = precondition(sigma, options_.sigma_data, x);
    const auto estimate
        = c.c_skip * x + c.c_out * unet_->forward(c.c_in * x, c.c_noise, condition, drop, &noise);
    const auto error = (estimate - x_start).square().flatten(1).mean(-1); // (b)
    return (elucidated_loss_weight(sigma, options_.sigma_data) * error).mean();
}

} // namespace reverie
