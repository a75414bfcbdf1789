// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>

namespace reverie {

/// A JSON file out of other hands: at most 100 MB, nested at most 64 deep. Throws Error that names it.
nlohmann::json read_json_file(const std::filesystem::path& path);

/// The same for a text; a discarded value if it is no such JSON.
nlohmann::json parse_json(std::string_view text);

} // namespace reverie
