// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace reverie {

using at::Tensor;

/// Cubic resampling (a = -0.5), antialiased when it shrinks, of (b, c, h, w) by the factor target_size / w.
/// What lies outside the picture counts as zero. Unchanged if w is target_size already.
Tensor resize_cubic(const Tensor& image, std::int64_t target_size,
                    std::optional<std::pair<double, double>> clamp_range = {});

/// Bicubic as torchvision resizes, antialiased when it shrinks: cubic with a = -0.5, its weights renormalised
/// at the border. Overshoots are not clamped.
Tensor resize_bicubic(const Tensor& image, std::int64_t target_size);

/// Nearest neighbour: source index floor(i * in / out).
Tensor resize_nearest(const Tensor& image, std::int64_t target_size,
                      std::optional<std::pair<double, double>> clamp_range = {});

/// The mean of the source pixels under each target pixel, where the sides divide; nearest neighbour
/// otherwise.
Tensor resize_area(const Tensor& image, std::int64_t target_size);

} // namespace reverie
