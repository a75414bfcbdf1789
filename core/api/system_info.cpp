// SPDX-License-Identifier: MIT
#include "core/api/system_inspection.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>
#include <torch/torch.h>
#include <torch/version.h>
#include <unistd.h>

namespace reverie {

namespace {

/// Links are followed, since Debian's alternatives give every provider the name libblas.so.3.
std::string blas_library()
{
    Dl_info found{};
    void* gemm = dlsym(RTLD_DEFAULT, "sgemm_");
    if (!gemm) {
        // LibTorch was opened with RTLD_LOCAL, so its libraries are reached through it only.
        if (void* torch = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD)) {
            gemm = dlsym(torch, "sgemm_");
            dlclose(torch);
        }
    }
    if (!gemm || !dladdr(gemm, &found) || !found.dli_fname)
        return {};
    std::error_code error;
    const auto real = std::filesystem::canonical(found.dli_fname, error);
    return error ? found.dli_fname : real.string();
}

double measure_gemm_gflops()
{
    constexpr std::int64_t side = 1024;
    using clock = std::chrono::steady_clock;
    const torch::NoGradGuard no_grad;
    const auto a = torch::rand({ side, side }), b = torch::rand({ side, side });
    double best = std::numeric_limits<double>::infinity();
    for (int run = 0; run < 5; ++run) { // the first one warms up
        const auto begin = clock::now();
        const auto product = a.matmul(b);
        best = std::min(best, std::chrono::duration<double>(clock::now() - begin).count());
    }
    return 2e-9 * side * side * side / best;
}

std::string processor_name()
{
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);) {
        const auto colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos)
            return line.substr(colon + 2);
    }
    return "processor";
}

DeviceInfo cpu_device()
{
    const auto pages = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_PHYS_PAGES)));
    const auto page_bytes = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_PAGESIZE)));
    return { "cpu", processor_name(), pages * page_bytes };
}

/// Name and memory come from the driver itself, whose interface is stable; LibTorch's headers for them need a
/// CUDA toolkit.
DeviceInfo cuda_device(int index)
{
    DeviceInfo device{ "cuda:" + std::to_string(index), "CUDA device", 0 };
    void* driver = dlopen("libcuda.so.1", RTLD_LAZY);
    if (!driver)
        return device;
    const auto get = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
    const auto get_name = reinterpret_cast<int (*)(char*, int, int)>(dlsym(driver, "cuDeviceGetName"));
    const auto get_memory
        = reinterpret_cast<int (*)(std::size_t*, int)>(dlsym(driver, "cuDeviceTotalMem_v2"));
    std::array<char, 128> name{};
    std::size_t bytes = 0;
    int handle = 0;
    if (get && get_name && get_memory && get(&handle, index) == 0
        && get_name(name.data(), static_cast<int>(name.size()) - 1, handle) == 0
        && get_memory(&bytes, handle) == 0) {
        device.description = name.data();
        device.memory_bytes = bytes;
    }
    dlclose(driver);
    return device;
}

std::vector<SystemAdvice> advice_for(const SystemInfo& info)
{
    std::vector<SystemAdvice> advice;
    const auto blas_is
        = [&info](const char* part) { return info.blas_library.find(part) != std::string::npos; };
    const std::string select
        = "install libopenblas0-openmp and choose it for libblas.so.3, liblapack.so.3 and "
          "libopenblas.so.0 with update-alternatives (packaging/install-packages.sh does both)";
    constexpr double slow_per_thread = 15; // GFLOP/s; the reference BLAS has 6, OpenBLAS 50 to 100
    if (blas_is("openblas-pthread"))
        advice.push_back({ "The OpenBLAS in use starts threads of its own, beside LibTorch's.", select });
    else if (info.gemm_gflops < slow_per_thread * info.threads && !blas_is("openblas-openmp")
             && !blas_is("mkl"))
        advice.push_back({ "The matrix library in use is slow.", select });
    if (info.devices.size() == 1)
        advice.push_back({ "No CUDA device was found, so the processor does the work.",
                           "if there is an NVIDIA card, build against a CUDA LibTorch (CMAKE_PREFIX_PATH)" });
    if (!info.with_qt)
        advice.push_back(
            { "This build is without Qt: no emoji data set and no decoding of pictures.",
              "configure with -DREVERIE_QT=ON, or train from a tensor pack of `dream dataset pack`" });
    return advice;
}

} // namespace

SystemInfo inspect_system_here()
{
    SystemInfo info;
    info.reverie_version = REVERIE_VERSION;
    info.torch_version = TORCH_VERSION;
    info.cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    at::set_num_threads(info.cores);
    info.threads = at::get_num_threads();
    info.blas_library = blas_library();
    info.gemm_gflops = measure_gemm_gflops();
#ifdef REVERIE_WITH_QT
    info.with_qt = true;
#endif
    info.devices = { cpu_device() };
    const auto cards = torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
    for (int index = 0; index < cards; ++index)
        info.devices.push_back(cuda_device(index));
    info.advice = advice_for(info);
    return info;
}

} // namespace reverie
