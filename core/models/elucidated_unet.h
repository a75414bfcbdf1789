// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/elucidated.h"
#include "core/models/unet.h"

namespace reverie {

/// A U-Net made a denoiser by preconditioning: one elucidated stage of a decoder.
class ElucidatedUnet
{
public:
    ElucidatedUnet(Unet unet, const ElucidatedOptions& options)
        : unet_(std::move(unet))
        , options_(options)
    {
    }

    /// D(x; sigma), guided: x (b, c, h, w), sigma (b) -> the estimate of x_0.
    Tensor denoise(const Tensor& x, const Tensor& sigma, const UnetCondition& condition, double cond_scale,
                   const UnetCondition* negative = nullptr);

    /// The weighted squared error for pictures x_start (b, c, h, w) in [-1, 1]: (). Noise is drawn in the
    /// order levels, picture noise, the self-conditioning coin, condition masks.
    Tensor loss(const Tensor& x_start, UnetCondition condition, DropProbs drop, Noise& noise);

private:
    Unet unet_;
    ElucidatedOptions options_;
};

} // namespace reverie
