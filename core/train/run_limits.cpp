// SPDX-License-Identifier: MIT
#include "core/train/run_limits.h"

#include "core/base/error.h"
#include "core/train/device_room.h"
#include "core/train/part_need.h"
#include "core/train/run_disk.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace reverie {

namespace fs = std::filesystem;

std::string size_text(double bytes)
{
    std::array<char, 32> text{};
    const bool gib = bytes >= 0x1p30;
    std::snprintf(text.data(), text.size(), gib ? "%.1f GiB" : "%.0f MiB", bytes / (gib ? 0x1p30 : 0x1p20));
    return text.data();
}

std::uint64_t free_disk(const fs::path& folder)
{
    std::error_code error;
    auto existing = fs::weakly_canonical(folder, error);
    while (existing.has_relative_path() && !fs::exists(existing, error))
        existing = existing.parent_path();
    const auto space = fs::space(existing, error);
    return error ? 0 : space.available;
}

void check_limits(const TrainingConfig& config, const std::vector<std::string>& parts, c10::Device device,
                  const fs::path& run)
{
    const auto all = double(total_memory(device));
    const auto disk = double(free_disk(run));
    for (const auto& part : parts) {
        const auto need = need_of(config, part);
        if (all > 0 && 4. * 4 * double(need.parameters) > all)
            throw UsageError("Training " + part + " takes at least "
                             + size_text(4. * 4 * double(need.parameters)) + " for its "
                             + std::to_string(need.parameters)
                             + " weights and their optimiser, and there are " + size_text(all)
                             + " in all; choose a smaller model, or another device.");
        if (disk > 0 && 4. * 4 * double(need.parameters) > disk)
            throw UsageError("A checkpoint of " + part + " takes "
                             + size_text(checkpoint_bytes(config, part, 0)) + " and the disk of "
                             + run.string() + " has " + size_text(disk)
                             + " left; choose another folder with --run.");
    }
}

void check_ranks(const TrainingConfig& config, const std::vector<std::string>& parts, int ranks)
{
    if (ranks > 1 && config.vqgan.max_batch_size > 0
        && std::find(parts.begin(), parts.end(), "vqgan") != parts.end())
        throw UsageError("With several processes a VQGAN-VAE learns from whole batches; leave out "
                         "vqgan.max_batch_size, with a smaller vqgan.batch if memory is short.");
}

std::string shortage(const TrainingConfig& config, const std::vector<std::string>& parts, c10::Device device,
                     const fs::path& run)
{
    constexpr double doubt = 1.15; // of what is counted
    const auto available = double(available_memory(device)), disk = double(free_disk(run));
    const auto weights = weight_bytes(config);
    for (const auto& part : parts) {
        const auto need = need_of(config, part);
        const double bytes = weights - 4. * double(need.parameters) + need.peak_bytes();
        if (available > 0 && bytes > doubt * available)
            return "Training " + part + " will take about " + size_text(bytes) + " of memory and "
                + size_text(available)
                + " are free; \"dream train --dry-run\" says with which settings it fits.";
    }
    const auto most = parts.empty() ? 0 : disk_bytes(config, parts, 0);
    if (disk > 0 && most > disk)
        return "The run will take up to " + size_text(most) + " on the disk and " + size_text(disk)
            + " are free; make room, or choose another folder with --run.";
    return {};
}

} // namespace reverie
