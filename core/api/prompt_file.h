// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// The lines of a text file, taken literally; blank ones are left out. Throws Error if the file can't be
/// read, is empty or is not UTF-8.
std::vector<std::string> read_prompt_file(const std::filesystem::path& path);

} // namespace reverie
