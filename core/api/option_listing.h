// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/training_options.h"

namespace reverie {

/// What training_options() of core/api does.
std::vector<TrainingOption> listed_training_options(const TrainRequest& request);

} // namespace reverie
