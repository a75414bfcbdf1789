// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/training_request.h"

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace reverie {

/// What a training run will take, before it starts. Bytes and seconds are predictions: memory within 15 % and
/// time within 20 % where some steps could be tried, and what else the machine does stays the same.
struct RunPreview {
    /// One part that is still to be trained.
    struct Part {
        std::string part; ///< clip, prior, unet1, ...
        std::int64_t steps = 0; ///< that are left
        std::int64_t batch = 0; ///< samples of a step
        std::int64_t parameters = 0;
        std::uint64_t memory_bytes = 0; ///< at its peak: the device's memory, or that of the whole process,
                                        ///< which keeps what earlier parts took
        double step_seconds = 0;
        double seconds = 0; ///< of all its steps, with its samples, evaluations and checkpoints
        bool tried = false; ///< the time is of real steps; otherwise it is counted from the products alone
    };
    std::vector<Part> parts;
    std::string device; ///< "cpu", "cuda:0"
    std::uint64_t memory_bytes = 0; ///< of the part that takes most
    std::uint64_t available_bytes = 0; ///< on the device; 0 if unknown
    std::uint64_t disk_bytes = 0; ///< that the run directory will grow by at its fullest
    std::uint64_t free_disk_bytes = 0; ///< where the run directory is to lie; 0 if unknown
    double seconds = 0; ///< of all parts
    bool fits = true; ///< in memory and on the disk
    std::vector<std::string> suggestion; ///< "key=value" settings with which it fits; empty if it does, or if
                                         ///< none of them would make it
    std::string verdict; ///< one sentence
};

/// Reads the data set's index and the run's checkpoints, and tries a few steps of every part that fits:
/// seconds. Nothing is written. Stopping gives what is known so far. Throws UsageError for what can't be
/// trained.
RunPreview preview_run(const TrainRequest& request, std::stop_token stop = {});

} // namespace reverie
