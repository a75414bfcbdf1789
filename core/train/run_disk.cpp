// SPDX-License-Identifier: MIT
#include "core/train/run_disk.h"

#include "core/train/part_need.h"
#include "core/train/training_facts.h"

#include <algorithm>

namespace reverie {

namespace {

constexpr double newest_kept = 3, being_written = 1;
constexpr double numbers_kept = 4; ///< a parameter in state.safetensors: itself, two moments, average
constexpr double line_bytes = 450 + 700; ///< of metrics.jsonl, and its numbers for TensorBoard
constexpr double pixel_bytes = 2 * 2; ///< of PNG, a picture by itself and in the grid of all

double samples_bytes(const TrainingConfig& config, const std::string& part)
{
    if (!part.starts_with("unet"))
        return 0;
    const auto& decoder = *config.model.decoder;
    const auto stage = std::stoul(part.substr(4)) - 1;
    const auto side = double(decoder.image_sizes.empty() ? decoder.image_size.value_or(64)
                                                         : decoder.image_sizes.at(stage));
    const auto steps = part_options(config, part).steps;
    const auto times = config.sample_every > 0 ? steps / config.sample_every + 1 : 1;
    return double(times) * double(std::max<std::size_t>(16, config.sample_prompts.size())) * pixel_bytes
        * side * side;
}

} // namespace

double checkpoint_bytes(const TrainingConfig& config, const std::string& part, double rows)
{
    double bytes = weight_bytes(config) + 4 * numbers_kept * double(need_of(config, part).parameters);
    if (part.starts_with("unet") && config.model.net) {
        const auto& unet = config.unets.at(std::stoul(part.substr(4)) - 1);
        if (unet.prior_embed_share > 0)
            bytes += 4 * rows * double(unet.prior_embeds * config.model.net->dim);
    }
    return bytes;
}

double disk_bytes(const TrainingConfig& config, const std::vector<std::string>& parts, double rows)
{
    double largest = 0, best = 0, other = 0;
    for (const auto& part : parts) {
        const auto bytes = checkpoint_bytes(config, part, rows);
        largest = std::max(largest, bytes);
        best += bytes; // of each part one more stays
        other += samples_bytes(config, part)
            + line_bytes * double(part_options(config, part).steps) / double(config.report_every);
    }
    return (newest_kept + being_written) * largest + best + other
        + weight_bytes(config) * (config.dtype == "f32" ? 1 : 0.5);
}

} // namespace reverie
