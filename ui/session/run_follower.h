// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_source.h"
#include "ui/session/run_state.h"

#include "core/run/growing_file.h"

#include <chrono>

namespace reverie::ui {

/// Reads all that a run's folder tells, and what is new in it after that. One thread at a time, never the
/// window's.
class RunFollower
{
public:
    explicit RunFollower(const QString& place);

    /// Reads on for about `limit` bytes of numbers.
    const RunState& read(std::size_t limit, const std::stop_token& stop);
    [[nodiscard]] RunSource& source() { return *m_source; }

private:
    void readOptions();
    void readStatus();
    void readLog(const std::stop_token& stop);
    void readNumbers();
    void findSamples();
    [[nodiscard]] QString trouble() const;

    std::filesystem::path m_place;
    std::unique_ptr<RunSource> m_source;
    GrowingFile m_log;
    RunState m_state;
    std::chrono::steady_clock::time_point m_lookedForSamples;
    QString m_optionsTrouble;
    bool m_isEvents = false; ///< of TensorBoard, no run's folder
};

/// The options of a run's run.json, dotted. Throws Error if it can't be read or is no configuration.
QMap<QString, QString> runOptions(const std::filesystem::path& run);

} // namespace reverie::ui
