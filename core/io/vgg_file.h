// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/vgg.h"

#include <filesystem>

namespace reverie {

/// VGG-16 with the weights of a .safetensors file that has torchvision's names (features.0.weight, ...,
/// classifier.3.bias); its last layer is left out. Throws Error if others are missing or do not fit.
Vgg load_vgg16(const std::filesystem::path& path, const VggOptions& options = {});

} // namespace reverie
