// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace reverie {

/// Square uint8 pictures (n, side, side, c) made `size` pixels a side by a Lanczos filter of three lobes that
/// widens with the reduction, on the sRGB values, as Pillow's LANCZOS does.
at::Tensor resize_lanczos(const at::Tensor& pictures, std::int64_t size);

} // namespace reverie
