// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/training_config.h"

#include <c10/core/Device.h>

#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// Throws UsageError for a run that can't go through on this machine whatever else is ended: the weights of a
/// part and what its optimiser keeps are more than all memory there is, or the disk has no room for one
/// checkpoint.
void check_limits(const TrainingConfig& config, const std::vector<std::string>& parts, c10::Device device,
                  const std::filesystem::path& run);

/// Throws UsageError for what several ranks can't train: an autoencoder's learn together from whole batches.
void check_ranks(const TrainingConfig& config, const std::vector<std::string>& parts, int ranks);

/// A sentence about a part that will probably need more memory than is free now, or about the disk; empty if
/// there is nothing to say.
std::string shortage(const TrainingConfig& config, const std::vector<std::string>& parts, c10::Device device,
                     const std::filesystem::path& run);

/// What the disk under a folder, which need not be there yet, has left; 0 if unknown.
std::uint64_t free_disk(const std::filesystem::path& folder);

/// "24 MiB", "1.5 GiB".
std::string size_text(double bytes);

} // namespace reverie
