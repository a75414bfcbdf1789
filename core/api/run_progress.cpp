// SPDX-License-Identifier: MIT
#include "core/api/run_progress.h"

#include <algorithm>

namespace reverie {

RunProgress::RunProgress(std::vector<StageCost> stages, int pictures, int windows)
    : stages_(std::move(stages))
    , pictures_(pictures)
{
    for (std::size_t i = 1; i < stages_.size(); ++i)
        decoder_ += stages_[i].step * stages_[i].steps;
    picture_ = stages_[0].step * stages_[0].steps + decoder_ * windows;
}

void RunProgress::move(int stage, int step, int window, int first, int count)
{
    double done = 0;
    for (int before = 0; before < stage; ++before)
        done += stages_[static_cast<std::size_t>(before)].step
            * stages_[static_cast<std::size_t>(before)].steps;
    done += stages_[static_cast<std::size_t>(stage)].step * step + decoder_ * window;
    const double all = picture_ * pictures_;
    if (all > 0)
        share_ = std::clamp((picture_ * first + done * count) / all, share_, 1.);
}

std::optional<double> RunProgress::seconds_left() const
{
    constexpr double enough_to_judge = 0.02;
    if (share_ <= enough_to_judge)
        return {};
    const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    return elapsed * (1 / share_ - 1);
}

} // namespace reverie
