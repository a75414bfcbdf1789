// SPDX-License-Identifier: MIT
#include "ui/session/training_pause.h"

#include "ui/session/path.h"
#include "ui/session/run_entry.h"

#include "core/base/error.h"
#include "core/run/control.h"
#include "core/run/run_list.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace reverie::ui {

namespace {

constexpr auto period = std::chrono::milliseconds(50);
constexpr auto longest_waking = std::chrono::seconds(2);

/// Where "auto" and "cuda" lead if there is a GPU at all.
std::string firstGpuUnlessNamed(const std::string& device)
{
    return device == "auto" || device == "cuda" || device.empty() ? "cuda:0" : device;
}

void tryToAsk(const std::filesystem::path& run, const char* verb)
{
    try {
        post_request(run, { verb });
    } catch (const Error&) { // a folder that can't be written holds up no drawing
    }
}

} // namespace

bool needSameGpu(const std::string& runDevice, const std::string& drawingDevice)
{
    return runDevice.starts_with("cuda")
        && firstGpuUnlessNamed(runDevice) == firstGpuUnlessNamed(drawingDevice);
}

std::vector<std::filesystem::path> TrainingPause::runsOn(const std::string& drawingDevice) const
{
    std::vector<std::filesystem::path> runs;
    for (const auto& folder : known_runs()) {
        const RunEntry run = readRun(toQString(folder));
        const std::string device = (run.runsOn.isEmpty() ? run.device : run.runsOn).toStdString();
        if (run.state == RunEntry::State::Running && run.isLocal && m_needSame(device, drawingDevice))
            runs.push_back(folder);
    }
    return runs;
}

bool TrainingPause::isNeeded(const std::string& drawingDevice) const
{
    return !runsOn(drawingDevice).empty();
}

bool TrainingPause::begin(const std::string& drawingDevice, const std::function<void()>& onWait,
                          const std::stop_token& stop)
{
    const auto asked = runsOn(drawingDevice);
    if (asked.empty())
        return true;
    onWait();
    for (const auto& run : asked) {
        tryToAsk(run, "pause");
        m_paused.push_back(run);
    }
    const auto isWaitedFor = [](const std::filesystem::path& run) {
        return readRun(toQString(run)).state == RunEntry::State::Running;
    };
    while (std::any_of(asked.begin(), asked.end(), isWaitedFor)) {
        if (stop.stop_requested()) {
            end();
            return false;
        }
        std::this_thread::sleep_for(period);
    }
    return true;
}

void TrainingPause::end()
{
    for (const auto& run : m_paused)
        tryToAsk(run, "resume");
    // Until they do, they look as if they stood aside for the next drawing.
    const auto isPaused = [](const std::filesystem::path& run) {
        return readRun(toQString(run)).state == RunEntry::State::Paused;
    };
    const auto enough = std::chrono::steady_clock::now() + longest_waking;
    while (std::any_of(m_paused.begin(), m_paused.end(), isPaused)
           && std::chrono::steady_clock::now() < enough)
        std::this_thread::sleep_for(period);
    m_paused.clear();
}

} // namespace reverie::ui
