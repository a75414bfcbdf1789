// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/pipeline.h"

namespace reverie {

/// Where the weights of a file go.
struct WeightsPlace {
    at::Device device = at::kCPU;
    /// Of linear layers' weights, for computing under autocast, which would convert them before every
    /// product; none: float32 as all else.
    std::optional<at::ScalarType> linear;
};

/// load_pipeline() straight to where the weights are needed: beside them, host memory holds one tensor at a
/// time.
Pipeline load_pipeline(const std::filesystem::path& path, const WeightsPlace& place);

} // namespace reverie
