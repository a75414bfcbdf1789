// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <vector>

namespace reverie {

/// How long a stage takes for one picture, in units of their own.
struct StageCost {
    double step = 0; ///< one step
    int steps = 0;
};

/// How far a run is and how long the rest takes, by the cost of what is done.
class RunProgress
{
public:
    RunProgress() = default;
    /// Stages in the order they are drawn, [0] the prior; the decoder's are drawn `windows` times over.
    RunProgress(std::vector<StageCost> stages, int pictures, int windows);

    /// `step` steps of `stage` of `window` are done for `count` pictures, all of the first `first` pictures.
    void move(int stage, int step, int window, int first, int count);

    [[nodiscard]] double share() const { return share_; }
    [[nodiscard]] std::optional<double> seconds_left() const; ///< once known

private:
    std::vector<StageCost> stages_;
    double decoder_ = 0, picture_ = 0; ///< cost of all stages of a window, of a whole picture
    int pictures_ = 1;
    double share_ = 0;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

} // namespace reverie
