// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/training_config.h"

#include <string>
#include <vector>

namespace reverie {

/// Bytes that the folder of a run with these parts will hold at its fullest: checkpoints, the one that is
/// being written included, samples, numbers and the finished model. `rows` are those of the data set.
double disk_bytes(const TrainingConfig& config, const std::vector<std::string>& parts, double rows);

/// One checkpoint of a part.
double checkpoint_bytes(const TrainingConfig& config, const std::string& part, double rows);

} // namespace reverie
