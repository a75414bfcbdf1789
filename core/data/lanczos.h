// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace reverie {

/// A part of a picture, in pixels from its left upper corner; edges may lie within pixels.
struct Box {
    double left = 0, top = 0, width = 0, height = 0;
};

/// A part of a picture made `width` by `height` pixels, by a Lanczos filter of three lobes that widens with
/// the reduction, on the sRGB values, as Pillow's LANCZOS does.
Image resize_lanczos(const Image& picture, const Box& part, int width, int height);

/// The same for many whole square pictures at a time: uint8 (n, side, side, c) to (n, size, size, c).
at::Tensor resize_lanczos(const at::Tensor& pictures, std::int64_t size);

} // namespace reverie
