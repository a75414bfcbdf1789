// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace reverie {

/// Writes a file aside in the same folder, syncs it and renames it over `path`, so that a reader sees the old
/// content or the new, never a part. Throws Error with the system's reason; `path` is then untouched.
void write_file(const std::filesystem::path& path, std::string_view content);

/// The same for content that is produced piece by piece: `produce` gets a sink to call as often as it likes.
using Sink = std::function<void(std::string_view)>;
void write_file(const std::filesystem::path& path, const std::function<void(const Sink&)>& produce);

/// The whole file. Throws Error with the system's reason.
std::string read_file(const std::filesystem::path& path);

} // namespace reverie
