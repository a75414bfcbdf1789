// SPDX-License-Identifier: MIT
#include "core/train/memory_peak.h"

#include "core/train/device_memory.h"

#include <algorithm>
#include <fstream>
#include <malloc.h>
#include <string>

#ifdef REVERIE_WITH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace reverie {

namespace {

/// A line of /proc/self/status in bytes; 0 if there is none.
double process_bytes(const std::string& name)
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(name + ":"))
            return std::stod(line.substr(name.size() + 1)) * 1024;
    return 0;
}

#ifdef REVERIE_WITH_CUDA
constexpr std::size_t of_all_pools = 0;
#endif

} // namespace

MemoryPeak::MemoryPeak(c10::Device device)
    : device_(device)
{
    restart();
    before_ = held();
}

void MemoryPeak::restart()
{
    release_device_memory();
#ifdef REVERIE_WITH_CUDA
    if (device_.is_cuda()) {
        c10::cuda::CUDACachingAllocator::resetPeakStats(device_.index());
        watched_ = true;
        return;
    }
#endif
    malloc_trim(0);
    std::ofstream marks("/proc/self/clear_refs");
    marks << "5" << std::flush; // the peak counts from here
    watched_ = marks.good() && held() > 0;
}

double MemoryPeak::held() const
{
#ifdef REVERIE_WITH_CUDA
    if (device_.is_cuda())
        return double(c10::cuda::CUDACachingAllocator::getDeviceStats(device_.index())
                          .reserved_bytes[of_all_pools]
                          .current);
#endif
    return process_bytes("VmRSS");
}

std::optional<double> MemoryPeak::bytes() const
{
    if (!watched_)
        return {};
#ifdef REVERIE_WITH_CUDA
    if (device_.is_cuda()) {
        using namespace c10::cuda::CUDACachingAllocator;
        return double(getDeviceStats(device_.index()).reserved_bytes[of_all_pools].peak) - before_;
    }
#endif
    return std::max(process_bytes("VmHWM") - before_, 0.);
}

} // namespace reverie
