// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reverie {

struct DeviceInfo {
    std::string name; ///< "cpu", "cuda:0"
    std::string description;
    std::uint64_t memory_bytes = 0;
};

/// One thing that is slow or missing, and how to mend it.
struct SystemAdvice {
    std::string problem;
    std::string remedy;
};

/// What `dream doctor` reports.
struct SystemInfo {
    std::string reverie_version;
    std::string torch_version;
    std::string blas_library; ///< file that provides sgemm
    double gemm_gflops = 0; ///< 1024-cube float32 matrix product, all threads
    int cores = 0;
    int threads = 0; ///< that the networks use
    bool with_qt = false;
    std::vector<DeviceInfo> devices;
    std::vector<SystemAdvice> advice;
};

/// Loads LibTorch and times a matrix product; about a second.
SystemInfo inspect_system();

/// Gives GPU memory that closed models left with this process back to the driver.
void release_unused_memory();

} // namespace reverie
