// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/training_config.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace reverie {

/// What one part of a run takes, counted from its options: nothing is allocated for it.
struct PartNeed {
    std::int64_t parameters = 0; ///< that train
    double state_bytes = 0; ///< weights, gradients, Adam's two moments and the averaged weights
    double training_bytes = 0; ///< at the peak of a step, state included
    double drawing_bytes = 0; ///< at the peak of drawing samples, state included
    double step_flops = 0; ///< products of a batch, there and back
    double sample_flops = 0; ///< products of one evaluation for one sample

    [[nodiscard]] double peak_bytes() const { return std::max(training_bytes, drawing_bytes); }
};

/// For "clip", "prior" or "unetN". Throws UsageError for a part that does not exist.
PartNeed need_of(const TrainingConfig& config, const std::string& part);

/// Samples that are computed at once.
std::int64_t chunk_of(const PartOptions& options);

/// Float32 weights of all networks that are configured.
double weight_bytes(const TrainingConfig& config);

} // namespace reverie
