// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

#include <filesystem>
#include <memory>

namespace reverie {

/// A data set in one .safetensors file: its pictures compressed without loss one by one ("pictures", uint8,
/// cut at "offsets"), or as they are ("images", uint8 (n, size, size, 3)); embeddings, if it has them;
/// captions and splits in the metadata. A `size` of 0 takes the pack's own. Throws UsageError for another
/// size, Error for a damaged file.
std::unique_ptr<Dataset> open_pack(const std::filesystem::path& path, int size,
                                   const PictureOptions& options);

/// Writes the rows of both splits; pictures that can't be read are left out. Throws Error if none can.
/// Returns how many pictures there are in the pack.
std::int64_t write_pack(const Dataset& dataset, const std::filesystem::path& out);

} // namespace reverie
