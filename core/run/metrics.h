// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reverie {

/// One line of metrics.jsonl.
struct MetricsLine {
    std::string part; ///< "clip", "prior", "unet1", ...
    std::string split; ///< "train", "valid", "test"; empty for an event
    std::string event; ///< one sentence, or "doctor"; empty for numbers
    std::int64_t step = 0;
    std::map<std::string, double> numbers; ///< loss, lr, ...; true and false are 1 and 0
    std::map<std::string, std::string> words; ///< verb, reason, ...
};

/// None for a line that is cut off or no object.
std::optional<MetricsLine> metrics_line(const std::string& json);

/// The lines of a run that still hold: where it was resumed or rolled back, those of that part past the step,
/// and all of later parts, are left out, but for the settings that were changed before a resume. Empty if
/// there are none.
std::vector<MetricsLine> current_metrics(const std::filesystem::path& run);

} // namespace reverie
