// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/dataset_info.h"

namespace reverie {

/// What the functions of core/api/dataset_info.h do once LibTorch is loaded.
DatasetInfo inspect_dataset(const std::string& spec);
std::vector<DatasetSample> draw_dataset_samples(const std::string& spec, int count, int size,
                                                const PictureOptions& options);
DatasetCheck check_whole_dataset(const std::string& spec, const DatasetCheckOptions& options,
                                 const OnDatasetProgress& on_progress, std::stop_token stop);

} // namespace reverie
