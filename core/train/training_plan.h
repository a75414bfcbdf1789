// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/corpus.h"
#include "core/train/training_config.h"

#include <string>
#include <vector>

namespace reverie {

/// Names of the parts a request trains, in order. Throws UsageError for one that does not exist.
std::vector<std::string> parts_to_train(const TrainRequest& request, const TrainingConfig& config);

/// Throws UsageError for parts that can't be trained on this device as they are configured.
void check_trainable(const TrainingConfig& config, const std::vector<std::string>& parts, at::Device device);

/// Pictures are kept at the size of the last stage; CLIP and earlier stages scale them down.
int picture_size(const PipelineConfig& config);

/// What sample pictures are drawn for: mostly rows that are trained on, and some that are not.
Rows sample_rows(const Dataset& dataset);

std::vector<std::string> captions_of(const Dataset& dataset, const Rows& rows);

} // namespace reverie
