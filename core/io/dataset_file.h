// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

#include <filesystem>
#include <memory>
#include <string>

namespace reverie {

/// `spec` is "emoji" or a tensor pack (*.safetensors); pictures come at `size` pixels a side. Throws
/// UsageError for another spec or size, Error if fonts or files are missing or damaged.
std::unique_ptr<Dataset> open_dataset(const std::string& spec, int size);

/// The same at whatever size costs least, to look at captions and splits.
std::unique_ptr<Dataset> open_dataset(const std::string& spec);

/// What pack_dataset() of core/api does.
void write_dataset_pack(const std::string& spec, int size, const std::filesystem::path& out);

} // namespace reverie
