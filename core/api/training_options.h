// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/training_request.h"

#include <string>
#include <vector>

namespace reverie {

/// One option of a training configuration. Values are JSON text.
struct TrainingOption {
    std::string key; ///< as `dream train --set` takes it: "prior.lr", "model.decoder.unets.0.dim"
    std::string value; ///< that the request resolves to
    std::string default_value; ///< that it has where nothing is said
    std::string meaning; ///< one sentence, with unit and choices
    std::string source; ///< where the value comes from: this request, a file, a preset, a paper, a program
};

/// Every option of what a request resolves to, those of the run first, then by part. Throws UsageError as
/// resolve_training_config() does.
std::vector<TrainingOption> training_options(const TrainRequest& request);

} // namespace reverie
