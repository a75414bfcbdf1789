// SPDX-License-Identifier: MIT
#include "core/nn/device.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

at::Device device_named(const std::string& name)
{
    if (name == "auto")
        return torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
    if (name == "cpu")
        return torch::kCPU;
    const bool indexed = name.starts_with("cuda:") && name.size() > 5
        && std::all_of(name.begin() + 5, name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (name != "cuda" && !indexed)
        throw UsageError("There is no device \"" + name + "\"; choose auto, cpu, cuda or cuda:N.");
    const int index = indexed ? std::stoi(name.substr(5, 4)) : 0;
    if (index >= static_cast<int>(torch::cuda::device_count()))
        throw UsageError("The device " + name + " is not there: LibTorch finds "
                         + std::to_string(torch::cuda::device_count()) + " CUDA devices; choose cpu.");
    return { torch::kCUDA, static_cast<torch::DeviceIndex>(index) };
}

at::Device device_named(const std::string& name, int local_rank)
{
    const auto devices = static_cast<int>(torch::cuda::device_count());
    if (devices == 0 || (name != "auto" && name != "cuda"))
        return device_named(name);
    if (devices > 1 && local_rank >= devices)
        throw UsageError("The process " + std::to_string(local_rank + 1) + " on this machine finds only "
                         + std::to_string(devices) + " CUDA devices; start one process for each device.");
    return { torch::kCUDA, static_cast<torch::DeviceIndex>(local_rank % devices) };
}

} // namespace reverie
