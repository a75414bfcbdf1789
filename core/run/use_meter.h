// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/nvidia_card.h"

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace reverie {

/// How much of the machine this process uses: what a run reports beside its loss.
class UseMeter
{
public:
    UseMeter();
    ~UseMeter() = default;
    UseMeter(const UseMeter&) = delete;
    UseMeter& operator=(const UseMeter&) = delete;

    /// Of what the system tells: "cpu_util" in percent of all processors, since the reading before (at first:
    /// since the process began), "cpu_temperature" in °C; with a number of an NVIDIA GPU also "gpu_util" in
    /// percent, "gpu_memory_bytes" and "gpu_temperature", of the whole GPU. Measured anew every half a second
    /// at most.
    const std::map<std::string, double>& read(int gpu = -1);

private:
    void measure(int gpu);
    void measure_processors();

    std::unique_ptr<NvidiaCard> card_; ///< the last that was asked for, if it is there
    int card_number_ = -1;
    std::map<std::string, double> use_;
    std::chrono::steady_clock::time_point measured_;
    double processor_seconds_ = 0, wall_seconds_ = 0;
};

} // namespace reverie
