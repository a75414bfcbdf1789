// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/training_config.h"

#include <c10/core/Device.h>

#include <functional>
#include <string>
#include <vector>

namespace reverie {

/// Settings ("key=value") with which a part stays below `bytes`, those that cost least first: smaller pieces
/// of a batch, activations computed again, bf16, U-Nets that rest elsewhere, for CLIP a smaller batch. Empty
/// if it does already, or if none of them would do. `peak` is the memory of a part by its configuration.
std::vector<std::string> remedy(const TrainingConfig& config, const std::string& part, double bytes,
                                c10::Device device, const std::function<double(const TrainingConfig&)>& peak);

} // namespace reverie
