// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>

namespace reverie {

/// A table of numbers (n, d) that NumPy saved, mapped from the file: float16, float32 or float64, in C order
/// and little-endian. Throws Error that names the file and what is wrong.
at::Tensor read_npy(const std::filesystem::path& path);

} // namespace reverie
