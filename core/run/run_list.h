// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// $XDG_DATA_HOME/reverie/runs, where runs lie by default.
std::filesystem::path default_runs_folder();

/// A new name there: "2026-11-25-prior", "2026-11-25-prior-2", ...
std::filesystem::path new_run_folder(const std::string& what);

/// Writes a run that lies elsewhere into $XDG_STATE_HOME/reverie/runs.jsonl, once, so that a window finds it.
/// Nothing happens if that can't be written: the run does not depend on it.
void note_run(const std::filesystem::path& run);

/// Every run that there still is: those of the default folder, then those noted.
std::vector<std::filesystem::path> known_runs();

} // namespace reverie
