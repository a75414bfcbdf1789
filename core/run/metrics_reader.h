// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/flat_json.h"
#include "core/run/growing_file.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace reverie {

/// Reads metrics.jsonl as it grows: a million lines in well under a second, in memory that does not depend on
/// their number. What a resume or a rollback supersedes is up to whoever gets the lines.
class MetricsReader
{
public:
    using OnLine = std::function<void(const std::vector<FlatField>&)>;

    /// `run` is the run's folder.
    explicit MetricsReader(const std::filesystem::path& run);

    /// Hands on the whole lines of about `limit` bytes more; what the fields point at lasts as long as the
    /// call.
    GrowingFile::Outcome read(std::size_t limit, const OnLine& on_line, const std::stop_token& stop = {});
    /// Lines that were no object, or longer than any line of a run.
    [[nodiscard]] std::int64_t unreadable_lines() const { return unreadable_; }
    /// The file ends amid a line.
    [[nodiscard]] bool ends_amid_a_line() const { return skipping_ || file_.left_over() > 0; }

private:
    void hand_on(std::string_view line, const OnLine& on_line);

    GrowingFile file_;
    std::vector<FlatField> fields_;
    std::int64_t unreadable_ = 0;
    bool skipping_ = false; ///< amid a line that is too long
};

} // namespace reverie
