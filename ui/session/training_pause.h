// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace reverie::ui {

/// Whether a run on the first device and a drawing on the second need the same memory: on one GPU. On the
/// processor both simply share it.
bool needSameGpu(const std::string& runDevice, const std::string& drawingDevice);

/// Runs of this machine stand aside while something is drawn on the GPU they train on. Blocking, for the
/// compute thread.
class TrainingPause
{
public:
    using NeedSame = std::function<bool(const std::string& runDevice, const std::string& drawingDevice)>;
    explicit TrainingPause(NeedSame needSame = needSameGpu)
        : m_needSame(std::move(needSame))
    {
    }

    /// Asks every run that is training there for a pause and waits until they say that their memory is free.
    /// `onWait` is called once if there is one to wait for. False if it was stopped before; who was asked
    /// then goes on. Runs that are paused by others, end or die meanwhile are not waited for.
    bool begin(const std::string& drawingDevice, const std::function<void()>& onWait,
               const std::stop_token& stop);
    /// Whether a run is training there that begin() would ask.
    [[nodiscard]] bool isNeeded(const std::string& drawingDevice) const;
    [[nodiscard]] bool isHolding() const { return !m_paused.empty(); }
    /// Asks those that stood aside to go on.
    void end();

private:
    [[nodiscard]] std::vector<std::filesystem::path> runsOn(const std::string& drawingDevice) const;

    NeedSame m_needSame;
    std::vector<std::filesystem::path> m_paused;
};

} // namespace reverie::ui
