// SPDX-License-Identifier: MIT
#include "core/run/use_meter.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
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

/// CUDA numbers the GPUs that it may see; the driver numbers all.
unsigned driver_number(int gpu)
{
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    std::istringstream list(visible ? visible : "");
    std::string one;
    for (int i = 0; std::getline(list, one, ','); ++i)
        if (i == gpu && !one.empty() && one.find_first_not_of("0123456789") == std::string::npos)
            return unsigned(std::stoul(one));
    return unsigned(gpu);
}

} // namespace

/// NVIDIA's management library, if the driver has brought it.
class UseMeter::Gpus
{
public:
    Gpus()
        : library_(dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL))
    {
        if (!library_)
            return;
        const auto initialise = function<int()>("nvmlInit_v2");
        handle_ = function<int(unsigned, void**)>("nvmlDeviceGetHandleByIndex_v2");
        use_ = function<int(void*, Use*)>("nvmlDeviceGetUtilizationRates");
        memory_ = function<int(void*, Memory*)>("nvmlDeviceGetMemoryInfo");
        temperature_ = function<int(void*, int, unsigned*)>("nvmlDeviceGetTemperature");
        works_ = initialise && handle_ && use_ && memory_ && temperature_ && initialise() == 0;
    }
    ~Gpus()
    {
        if (const auto shut_down = works_ ? function<int()>("nvmlShutdown") : nullptr)
            shut_down();
        if (library_)
            dlclose(library_);
    }
    Gpus(const Gpus&) = delete;
    Gpus& operator=(const Gpus&) = delete;

    void measure(int gpu, std::map<std::string, double>& numbers) const
    {
        void* device = nullptr;
        if (!works_ || handle_(driver_number(gpu), &device) != 0)
            return;
        Use use;
        Memory memory;
        unsigned degrees = 0;
        if (use_(device, &use) == 0)
            numbers["gpu_util"] = use.gpu;
        if (memory_(device, &memory) == 0)
            numbers["gpu_memory_bytes"] = double(memory.used);
        if (temperature_(device, 0, &degrees) == 0)
            numbers["gpu_temperature"] = degrees;
    }

private:
    struct Use {
        unsigned gpu = 0, memory = 0;
    };
    struct Memory {
        unsigned long long total = 0, free = 0, used = 0;
    };

    template <class Signature>
    [[nodiscard]] Signature* function(const char* name) const
    {
        return reinterpret_cast<Signature*>(dlsym(library_, name)); // NOLINT: that is how a library is asked
    }

    void* library_;
    bool works_ = false;
    int (*handle_)(unsigned, void**) = nullptr;
    int (*use_)(void*, Use*) = nullptr;
    int (*memory_)(void*, Memory*) = nullptr;
    int (*temperature_)(void*, int, unsigned*) = nullptr;
};

UseMeter::UseMeter()
    : wall_seconds_(process_begin())
{
}

UseMeter::~UseMeter() = default;

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
    if (!gpus_)
        gpus_ = std::make_unique<Gpus>();
    gpus_->measure(gpu, use_);
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
