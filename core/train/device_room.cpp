// SPDX-License-Identifier: MIT
#include "core/train/device_room.h"

#include "core/run/nvidia_card.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace reverie {

namespace {

namespace fs = std::filesystem;

template <class Value>
std::optional<Value> value_in(const fs::path& file)
{
    std::ifstream in(file);
    if (Value value{}; in >> value)
        return value;
    return {};
}

/// A line of /proc/meminfo in bytes; 0 if there is none.
std::uint64_t memory_info(const std::string& name)
{
    std::ifstream info("/proc/meminfo");
    for (std::string line; std::getline(info, line);)
        if (line.starts_with(name + ":"))
            return std::stoull(line.substr(name.size() + 1)) * 1024;
    return 0;
}

/// What the control group of this process allows, and uses.
struct Group {
    std::optional<std::uint64_t> limit = value_in<std::uint64_t>("/sys/fs/cgroup/memory.max");
    std::uint64_t used = value_in<std::uint64_t>("/sys/fs/cgroup/memory.current").value_or(0);
};

} // namespace

std::uint64_t available_memory(c10::Device device)
{
    if (device.is_cuda()) {
        const auto card = open_nvidia_card(device.index());
        const auto memory = card ? card->memory() : std::nullopt;
        return memory ? memory->free : 0;
    }
    const auto available = memory_info("MemAvailable");
    const Group group;
    return group.limit ? std::min(available, *group.limit - std::min(*group.limit, group.used)) : available;
}

std::uint64_t total_memory(c10::Device device)
{
    if (device.is_cuda()) {
        const auto card = open_nvidia_card(device.index());
        const auto memory = card ? card->memory() : std::nullopt;
        return memory ? memory->total : 0;
    }
    const auto total = memory_info("MemTotal") + memory_info("SwapTotal");
    const Group group;
    return group.limit ? std::min(total, *group.limit) : total;
}

} // namespace reverie
