// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/training_request.h"

#include <stop_token>

namespace reverie {

/// What train() and resolve_training_config() of core/api do.
TrainResult run_training(const TrainRequest& request, const OnTrainUpdate& on_update, std::stop_token stop);
std::string resolved_training_config(const TrainRequest& request);

/// Names of the presets in the data folders.
std::vector<std::string> preset_names();

} // namespace reverie
