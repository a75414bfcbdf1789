// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/stored_tensor.h"

#include <ATen/core/Tensor.h>

namespace reverie {

/// The tensor where it lies, with its strides; it keeps its owner alive. Only one that does not lie on a
/// multiple of its element's size is copied. Throws Error, beginning with `what`, for a dtype LibTorch does
/// not compute with.
at::Tensor to_tensor(const StoredTensor& tensor, const std::string& what);

/// As safetensors names it: "F32". Throws Error for a type it has no name for.
std::string dtype_name(at::ScalarType type);

} // namespace reverie
