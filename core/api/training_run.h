// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/training_request.h"

#include <stop_token>

namespace reverie {

/// Blocking. Stopping saves a checkpoint and is a normal return. Throws UsageError or Error; what was
/// checkpointed stays.
TrainResult train(const TrainRequest& request, const OnTrainUpdate& on_update = {},
                  std::stop_token stop = {});

/// The configuration a request resolves to, as JSON, without starting anything.
std::string resolve_training_config(const TrainRequest& request);

/// Names of the presets that exist.
std::vector<std::string> training_presets();

} // namespace reverie
