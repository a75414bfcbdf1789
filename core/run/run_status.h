// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reverie {

/// What status.json of a run says.
struct RunStatus {
    std::string state = "starting"; ///< starting | running | paused | finished | failed | stopped
    std::string part; ///< "clip", "prior", "unet1", ...
    std::int64_t step = 0, steps = 0;
    double eta_s = 0; ///< seconds left of the part
    std::string reason; ///< one sentence: why it failed, or what it waits for
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

/// The checkpoint with the lowest validation loss of a part; none if there is none, or it is gone.
std::optional<Checkpoint> best_checkpoint(const std::filesystem::path& run, const std::string& part);

/// Place of a part in the order of training.
std::int64_t part_order(const std::string& part);

/// checkpoints/<part>-<step>
std::filesystem::path checkpoint_folder(const std::filesystem::path& run, const std::string& part,
                                        std::int64_t step);

/// "00000500"
std::string step_digits(std::int64_t step);

/// Who this process is, as a status says it.
RunStatus own_process();

/// Seconds since 1970.
double seconds_now();

} // namespace reverie
