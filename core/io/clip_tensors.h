// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/safetensors.h"
#include "core/io/weights_kind.h"

namespace reverie {

/// Every tensor of a part, not copied. `what` names the file in messages.
TensorMap to_tensors(const StoredTensors& tensors, const std::string& what);

/// The tensors of a CLIP under the names clip_config()'s model gives them: Hugging Face's are renamed, their
/// three projections of each attention put into one; tables of positions and sizes kept as tensors are left
/// out.
TensorMap clip_tensors(const WeightsFile& file, const WeightsPart& part);

} // namespace reverie
