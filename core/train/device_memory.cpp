// SPDX-License-Identifier: MIT
#include "core/train/device_memory.h"

#include <fstream>
#include <unistd.h>

#ifdef REVERIE_WITH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace reverie {

double memory_in_use()
{
    std::ifstream pages("/proc/self/statm");
    double size = 0, resident = 0;
    return pages >> size >> resident ? resident * double(sysconf(_SC_PAGESIZE)) : 0;
}

void release_device_memory()
{
#ifdef REVERIE_WITH_CUDA
    c10::cuda::CUDACachingAllocator::emptyCache();
#endif
}

} // namespace reverie
