// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/rank.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace reverie {

/// One training run, as `dream train` takes it.
struct TrainRequest {
    std::string what = "all"; ///< tokenizer | clip | prior | decoder | all
    std::string data; ///< data set spec; may also come from the preset or the configuration
    std::filesystem::path run; ///< the run directory
    std::string preset; ///< name of a preset, or empty
    std::filesystem::path config; ///< JSON laid over the preset
    std::vector<std::string>
        set; ///< "key=value" laid over both; a bare key (steps, batch, seed, lr) means every part
    std::filesystem::path init; ///< model file whose weights the parts start from
    int unet = 0; ///< decoder: only this U-Net, counted from 1; 0: all
    std::filesystem::path after; ///< a run to wait for: this one starts when that has ended
    bool resume = false; ///< go on from the newest whole checkpoint in `run`
    std::string device = "auto";
    std::string dtype; ///< precision of every part; empty: the configuration's
    int threads = 0; ///< of this process; 0: its share of the machine's
    Rank rank; ///< among the processes that train together; the others do as rank 0, whatever they are asked
    /// Called on another thread where a rank has ended and this one, rank 0's run being marked as failed, is
    /// stuck in what it computes: nothing is left but to end the process.
    std::function<void(const std::string& reason)> give_up;
};

struct TrainUpdate {
    std::string part; ///< "tokenizer", "clip", "prior", "unet1", ...
    std::int64_t step = 0, steps = 0;
    double loss = 0;
    double lr = 0;
    double samples_per_s = 0;
    double seconds_left = 0; ///< of this part
    std::string event; ///< one sentence (part begun, checkpoint written, resumed at ...), or empty
};

using OnTrainUpdate = std::function<void(const TrainUpdate&)>;

struct TrainResult {
    bool stopped = false; ///< ended early on request; a checkpoint was written
    std::filesystem::path model; ///< the pipeline file, once every part it needs is trained
};

} // namespace reverie
