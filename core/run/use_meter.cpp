// SPDX-License-Identifier: MIT
#include "core/run/use_meter.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <unistd.h>

namespace reverie {

namespace {

namespace fs = std::filesystem;

constexpr auto period = std::chrono::milliseconds(500);

double seconds(clockid_t clock)
{
    timespec time{};
    clock_gettime(clock, &time);
    return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

/// Seconds since the machine's start at which this process began: field 22 of its stat.
double process_begin()
{
    std::ifstream file("/proc/self/stat");
    std::stringstream stat;
    stat << file.rdbuf();
    const auto text = stat.str();
    std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
    std::string skipped;
    for (int field = 3; field < 22; ++field)
        fields >> skipped;
    double ticks = 0;
    return fields >> ticks ? ticks / double(sysconf(_SC_CLK_TCK)) : seconds(CLOCK_BOOTTIME);
}

int processors()
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

/// Of the first sensor that is a processor's; none where there is none.
bool processor_temperature(double& degrees)
{
    std::error_code error;
    for (fs::directory_iterator it("/sys/class/hwmon", error), end; !error && it != end;
         it.increment(error)) {
        std::string name;
        std::ifstream(it->path() / "name") >> name;
        double thousandths = 0;
        if ((name == "coretemp" || name == "k10temp" || name == "zenpower" || name == "cpu_thermal")
            && std::ifstream(it->path() / "temp1_input") >> thousandths) {
            degrees = thousandths / 1000;
            return true;
        }
    }
    return false;
}

} // namespace

UseMeter::UseMeter()
    : wall_seconds_(process_begin())
{
}

const std::map<std::string, double>& UseMeter::read(int gpu)
{
    const auto now = std::chrono::steady_clock::now();
    if (use_.empty() || now - measured_ >= period) {
        measured_ = now;
        measure(gpu);
    }
    return use_;
}

void UseMeter::measure(int gpu)
{
    use_.clear();
    measure_processors();
    if (gpu < 0)
        return;
    if (gpu != card_number_) {
        card_ = open_nvidia_card(gpu);
        card_number_ = gpu;
    }
    if (!card_)
        return;
    if (const auto percent = card_->use())
        use_["gpu_util"] = *percent;
    if (const auto memory = card_->memory())
        use_["gpu_memory_bytes"] = double(memory->used);
    if (const auto degrees = card_->temperature())
        use_["gpu_temperature"] = *degrees;
}

void UseMeter::measure_processors()
{
    const double worked = seconds(CLOCK_PROCESS_CPUTIME_ID), now = seconds(CLOCK_BOOTTIME);
    const double share = (worked - processor_seconds_) / std::max(now - wall_seconds_, 1e-3) / processors();
    use_["cpu_util"] = std::clamp(100 * share, 0.0, 100.0);
    processor_seconds_ = worked;
    wall_seconds_ = now;
    if (double degrees = 0; processor_temperature(degrees))
        use_["cpu_temperature"] = degrees;
}

} // namespace reverie
