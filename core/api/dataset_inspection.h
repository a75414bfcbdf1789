// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/dataset_info.h"

namespace reverie {

/// What dataset_info() does once LibTorch is loaded.
DatasetInfo inspect_dataset(const std::string& spec);

} // namespace reverie
