// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/run_status.h"
#include "core/train/part_loop.h"
#include "core/train/training_config.h"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace reverie {

/// What a request comes to, before any model or data set is touched.
struct ResolvedRun {
    TrainRequest request; ///< of a run that goes on, completed by what it was started with
    TrainingConfig config; ///< as it was set since, too
    std::vector<std::string> parts; ///< to be trained, in order; those that are finished included
    std::optional<Checkpoint> resumed; ///< where it goes on
    int batches = 1; ///< of a step, one for each rank the run was begun with
    std::deque<LaterSetting> expected; ///< made before the run was interrupted, past the checkpoint
};

/// Throws UsageError for what does not exist.
ResolvedRun resolve_run(const TrainRequest& request);

/// Whether a request says anything about the configuration itself.
bool changes_configuration(const TrainRequest& request);

} // namespace reverie
