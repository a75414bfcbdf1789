// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/safetensors.h"

#include <torch/nn/module.h>

#include <string>

namespace reverie {

/// Parameters and buffers under `prefix` by their dotted names, not copied.
TensorMap state_dict(const torch::nn::Module& module, const std::string& prefix = {});

/// Copies the tensors whose names begin with `prefix` into the module, converting the dtype. Strict: throws
/// Error that names the first ten missing, unexpected and wrongly shaped tensors and counts the rest, or a
/// weight of whole numbers; the module is then unchanged. `what` names the source in the message.
void load_state_dict(torch::nn::Module& module, const TensorMap& tensors, const std::string& prefix,
                     const std::string& what);

/// The checks of load_state_dict() alone: the module takes the shapes it can take, and no values.
void check_state_dict(torch::nn::Module& module, const TensorMap& tensors, const std::string& prefix,
                      const std::string& what);

} // namespace reverie
