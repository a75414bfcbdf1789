// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/control.h"
#include "core/run/event_file.h"
#include "core/run/metrics.h"
#include "core/run/run_status.h"

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace reverie {

/// The writing side of a run directory. A thread of its own keeps the heartbeat going, and a lock keeps
/// other processes out.
class RunDirectory
{
public:
    /// Claims `path`: a new one (UsageError if it holds a run already), or with `resume` one that does.
    /// Throws UsageError if a living process uses it.
    RunDirectory(std::filesystem::path path, bool resume);
    /// Leaves the state "failed" unless set_state() gave another end.
    ~RunDirectory();
    RunDirectory(const RunDirectory&) = delete;
    RunDirectory& operator=(const RunDirectory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// run.json, the resolved configuration.
    void write_configuration(const std::string& json) const;
    void set_state(const std::string& state, const std::string& reason = {});
    void set_progress(const std::string& part, std::int64_t step, std::int64_t steps, double eta_s);
    /// One JSON object; it becomes a line of metrics.jsonl, and its numbers go to TensorBoard.
    void append_metrics(const std::string& json);
    /// TensorBoard's file is begun anew with the lines that still hold: after a rollback.
    void restart_events();
    /// A line of log.txt, with the time before it.
    void log(const std::string& sentence) const;
    /// samples/<part>/<step>/, created.
    [[nodiscard]] std::filesystem::path sample_folder(const std::string& part, std::int64_t step) const;

    /// Requests of watchers, oldest first.
    [[nodiscard]] std::vector<ControlRequest> take_requests() const;

    /// Checkpoints/<part>-<step>/, filled aside by `fill`, synced and renamed; only the newest three and the
    /// best of each part are kept.
    void write_checkpoint(const std::string& part, std::int64_t step,
                          const std::function<void(const std::filesystem::path&)>& fill) const;
    /// From here on the checkpoint of that step is the part's best. To be called before it is written.
    void name_best(const std::string& part, std::int64_t step, double loss) const;
    /// Removes the checkpoints past that step, later parts' included.
    void remove_checkpoints_after(const std::string& part, std::int64_t step) const;

private:
    void lock_folder();
    void write_status();
    void beat(const std::stop_token& stop);
    void add_events(const MetricsLine& line);
    void open_events();

    std::filesystem::path path_;
    int lock_ = -1;
    std::unique_ptr<EventFile> events_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    RunStatus status_;
    std::jthread heart_;
};

} // namespace reverie
