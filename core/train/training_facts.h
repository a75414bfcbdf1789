// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/corpus.h"
#include "core/train/training_config.h"

#include <nlohmann/json_fwd.hpp>
#include <torch/nn/module.h>

#include <string>

namespace reverie {

/// How "clip", "prior" or "unetN" is optimised. Throws UsageError for a part that does not exist.
const PartOptions& part_options(const TrainingConfig& config, const std::string& part);
PartOptions& part_options(TrainingConfig& config, const std::string& part);

/// What the doctor wants to know of an autoencoder, as below.
nlohmann::json vqgan_facts(const TrainingConfig& config, const Dataset& dataset,
                           const torch::nn::Module& module);

/// What the doctor wants to know of a part before its first step: the target of the loss, the numbers of
/// rows, of weights (those that train, and those that are frozen without the configuration saying so) and of
/// values a row, the learning rate, the range of the pictures beside the one the model expects, and how
/// captions find their pictures (caption_ranks()) by a CLIP that is trained.
nlohmann::json training_facts(const std::string& part, const TrainingConfig& config, const Corpus& corpus,
                              const torch::nn::Module& module);

} // namespace reverie
