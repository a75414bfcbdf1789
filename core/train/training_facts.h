// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/corpus.h"
#include "core/train/training_config.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace reverie {

/// How "clip", "prior" or "unetN" is optimised. Throws UsageError for a part that does not exist.
const PartOptions& part_options(const TrainingConfig& config, const std::string& part);
PartOptions& part_options(TrainingConfig& config, const std::string& part);

/// What the doctor wants to know of an autoencoder, as below.
nlohmann::json vqgan_facts(const TrainingConfig& config, const Dataset& dataset, std::int64_t parameters);

/// What the doctor wants to know of a part before its first step: the target of the loss, the numbers of
/// rows, of weights and of values a row, and the range of the pictures beside the one the model expects.
nlohmann::json training_facts(const std::string& part, const TrainingConfig& config, const Corpus& corpus,
                              std::int64_t parameters);

} // namespace reverie
