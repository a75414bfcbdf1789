// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace reverie {

using at::Tensor;

/// Pixels (b, 3, h, w), in [0, 1] after clamping, to 8-bit pictures.
std::vector<Image> to_images(const Tensor& pixels);

/// An 8-bit picture to (1, 3, h, w) in [0, 1].
Tensor to_tensor(const Image& image);

} // namespace reverie
