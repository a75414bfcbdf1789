// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace reverie {

/// What status.json of a run says.
struct RunStatus {
    std::string state = "starting"; ///< starting | running | paused | finished | failed | stopped
    std::string part; ///< "clip", "prior", "unet1", ...
    std::int64_t step = 0, steps = 0;
    double eta_s = 0; ///< seconds left of the part
    std::string reason; ///< one sentence, where the run failed
    std::int64_t pid = 0;
    std::uint64_t process_start = 0; ///< in the kernel's clock ticks since its start
    std::string host;
    double heartbeat = 0; ///< seconds since 1970, by the run's clock
};

/// None if the folder holds no run or its status can't be read.
std::optional<RunStatus> read_run_status(const std::filesystem::path& run);

/// Whether the process behind a status lives: the same process on this host, else a heartbeat within 30 s.
bool is_alive(const RunStatus& status);

/// A whole checkpoint: its folder holds model.safetensors and state.safetensors.
struct Checkpoint {
    std::string part;
    std::int64_t step = 0;
    std::filesystem::path folder;
};

/// Oldest first: parts in the order of training, then steps.
std::vector<Checkpoint> list_checkpoints(const std::filesystem::path& run);

/// The writing side of a run directory. A thread of its own keeps the heartbeat going.
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
    /// One JSON object; it becomes a line of metrics.jsonl.
    void append_metrics(const std::string& json) const;
    /// A line of log.txt, with the time before it.
    void log(const std::string& sentence) const;
    /// samples/<part>/<step>/, created.
    [[nodiscard]] std::filesystem::path sample_folder(const std::string& part, std::int64_t step) const;

    /// Checkpoints/<part>-<step>/, filled aside by `fill`, synced and renamed; only the newest three are
    /// kept.
    void write_checkpoint(const std::string& part, std::int64_t step,
                          const std::function<void(const std::filesystem::path&)>& fill) const;

private:
    void write_status();
    void beat(const std::stop_token& stop);

    std::filesystem::path path_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    RunStatus status_;
    std::jthread heart_;
};

} // namespace reverie
