// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_source.h"

#include "core/run/metrics_reader.h"

namespace reverie::ui {

/// The metrics.jsonl of a run's folder. What a resume or a rollback superseded is left out.
class MetricsSource : public RunSource
{
public:
    explicit MetricsSource(const std::filesystem::path& run);

    bool read(std::size_t limit, const std::stop_token& stop) override;
    [[nodiscard]] QString trouble(bool isOver) const override;

private:
    void take(const std::vector<FlatField>& fields);
    void takeNumbers(std::string_view part, std::string_view split, double step,
                     const std::vector<FlatField>& fields);
    void takeEvent(RunEvent event, std::string_view what, const std::vector<FlatField>& fields);
    [[nodiscard]] bool isThinned() const;

    std::filesystem::path m_run;
    MetricsReader m_reader;
    TableKey m_key; ///< of the newest numbers
    NumberTable* m_table = nullptr; ///< theirs, in m_numbers
    bool m_missing = false;
    bool m_seen = false; ///< there was a file once
    double m_before = 0; ///< seconds of training before the process that writes
    double m_clock = 0; ///< of that process, so far
};

} // namespace reverie::ui
