// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

namespace reverie {

/// Folders that may hold models and presets, the nearest to the user first and the bundled ones last:
/// $XDG_DATA_HOME, $XDG_DATA_DIRS and <executable>/../share, each with "reverie" behind it. They need not
/// exist.
std::vector<std::filesystem::path> data_folders();

} // namespace reverie
