// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"

namespace reverie {

/// How strongly and how often augment() changes a picture; SimCLR's, as x-clip sets them.
struct AugmentationOptions {
    double crop_scale_min = 0.08; ///< least share of the picture's area that a crop keeps
    double crop_ratio_max = 4. / 3; ///< most a crop's sides differ
    double flip_prob = 0.5;
    double jitter_prob = 0.3;
    double brightness = 0.8, contrast = 0.8, saturation = 0.8; ///< factors from 1 - x to 1 + x
    double hue = 0.2; ///< most the colours turn, in full circles
    double grayscale_prob = 0.2;
    double blur_prob = 0.2; ///< 3x3 Gaussian, sigma from 1 to 2
};

/// A view of each picture (b, c, h, w) in [0, 1], in the same range and size: colours jittered or taken away,
/// blurred, mirrored, and a random part of it enlarged (Chen et al. 2020). Every picture has its own draws,
/// in one row of `noise`. Colours change only where c is 3, brightness and contrast also where it is 1.
Tensor augment(const Tensor& pictures, Noise& noise, const AugmentationOptions& options = {});

} // namespace reverie
