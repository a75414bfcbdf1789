// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"

namespace reverie {

/// What a drawing will take.
struct DrawingPreview {
    std::uint64_t memory_bytes = 0; ///< at its peak, the weights included, beside LibTorch itself
    double flops = 0; ///< of all its products; 0 where the model's networks can't be counted
};

/// Reads the model's header only, no weights. Throws Error if that is damaged.
DrawingPreview preview_drawing(const std::filesystem::path& model, const GenerateRequest& request);

} // namespace reverie
