// SPDX-License-Identifier: MIT
#include "core/models/cascade.h"

#include "core/base/error.h"

#include <algorithm>
#include <sstream>

namespace reverie {

namespace {

constexpr std::int64_t factor = 4; ///< from a stage's side to the next one's
constexpr std::int64_t first_stage_at_most = 64, smallest_map = 8;
constexpr int smallest_scale = 2, paper_scale = 64, largest_scale = 128;
constexpr std::int64_t default_parameters = 100'000'000;

/// Sides of the stages that end at `target`; empty if there is no such cascade.
std::vector<std::int64_t> sides_to(std::int64_t target)
{
    std::vector<std::int64_t> sides{ target };
    while (sides.front() > first_stage_at_most) {
        if (sides.front() % factor != 0)
            return {};
        sides.insert(sides.begin(), sides.front() / factor);
    }
    const bool sound = sides.front() >= 2 * smallest_map && sides.front() % smallest_map == 0;
    return sound && sides.size() <= 4 ? sides : std::vector<std::int64_t>{};
}

std::vector<std::int64_t> checked_sides(std::int64_t target)
{
    auto sides = sides_to(target);
    if (!sides.empty())
        return sides;
    constexpr std::int64_t largest = 4096;
    auto below = std::min(target, largest), above = std::max<std::int64_t>(target, 1);
    while (below > 0 && sides_to(below).empty())
        --below;
    while (above < largest && sides_to(above).empty())
        ++above;
    const auto near = below <= 0 ? std::to_string(above)
        : target > largest       ? std::to_string(below)
                                 : std::to_string(below) + " or " + std::to_string(above);
    throw UsageError("No cascade of stages that grow fourfold from at most 64 pixels ends at "
                     + std::to_string(target) + "; choose " + near + ".");
}

/// The first stage: attention and cross attention where its maps have at most 32 pixels a side.
UnetOptions first_unet(int scale, std::int64_t side)
{
    constexpr std::int64_t attends_up_to = 32;
    UnetOptions o;
    o.dim = 8 * scale;
    o.image_embed_dim = 32 * scale;
    o.cond_dim = 16 * scale;
    o.image_size = side;
    o.dim_mults.clear();
    for (auto map = side; map >= smallest_map; map /= 2) {
        o.dim_mults.push_back(std::int64_t(o.dim_mults.size()) + 1);
        if (map <= attends_up_to)
            o.attn_resolutions.push_back(map);
        if (map % 2 != 0)
            break;
    }
    o.cross_attn_resolution = attends_up_to;
    o.attn_dim_head = scale < 16 ? 32 : 64;
    o.attn_heads = std::max(2, scale / 4);
    o.num_resnet_blocks = scale < 8 ? 1 : scale < 32 ? 2 : 3;
    o.cond_on_image_embeds = true;
    o.max_text_len = 1;
    o.init_cross_embed_kernel_sizes = { 3, 7 };
    return o;
}

/// A later stage: convolutions alone, downsampling first, trained on crops.
UnetOptions later_unet(int scale, std::int64_t side, std::size_t stage)
{
    const int share = stage == 1 ? 5 : 3; // of 8, the width of the first
    UnetOptions o;
    o.dim = 8 * std::max(2, (share * scale + 4) / 8);
    o.image_embed_dim = 32 * scale;
    o.cond_dim = o.dim;
    o.image_size = side;
    o.dim_mults = side < 512 ? std::vector<std::int64_t>{ 1, 2, 3, 4 }
                             : std::vector<std::int64_t>{ 1, 1, 2, 2, 4, 4 };
    o.attn_type = std::string("none");
    o.attend_at_middle = false;
    o.cross_attn_resolution = 0;
    o.num_resnet_blocks = scale < 8 ? 1 : 2;
    o.lowres_cond = true;
    o.max_text_len = 1;
    o.init_cross_embed_kernel_sizes = { 3, 7 };
    o.memory_efficient = true;
    return o;
}

XClipOptions clip_of(int scale, std::int64_t side, std::int64_t depth)
{
    XClipOptions o;
    o.dim_text = o.dim_latent = 32 * scale;
    o.dim_image = 32 * scale;
    o.num_text_tokens = scale < 8 ? 2048 : 8192;
    o.text_seq_len = 64;
    o.text_encode_without_mask = true;
    o.text_enc_depth = o.visual_enc_depth = std::max<std::int64_t>(2, depth / 2);
    o.text_heads = o.visual_heads = std::max(1, scale / 2);
    o.visual_image_size = side;
    o.visual_patch_size = side / 8;
    return o;
}

/// Width 8 * scale in the first stage; 64 is DALL-E 2's own size.
Cascade scaled(int scale, const std::vector<std::int64_t>& sides)
{
    Cascade cascade;
    auto& net = cascade.net;
    net.dim = 32 * scale;
    net.depth = 2 + 22 * scale / paper_scale;
    net.heads = std::max(1, scale / 2);
    net.max_text_len = 64;
    cascade.clip = clip_of(scale, sides.front(), net.depth);
    cascade.prior.cond_drop_prob = 0.1;

    auto& decoder = cascade.decoder;
    decoder.image_sizes = sides;
    decoder.learned_variance = PerStage<bool>(false);
    decoder.predict_v = true;
    decoder.beta_schedule = std::optional<std::string>("cosine");
    decoder.text_cond_drop_prob = 0;
    decoder.downsample = "area";
    std::vector<std::optional<std::int64_t>> crops;
    for (std::size_t stage = 0; stage < sides.size(); ++stage) {
        const auto side = sides[stage];
        const bool cropped = stage > 0 && side >= 256;
        crops.push_back(cropped ? std::optional(side / 4) : std::nullopt);
        cascade.unets.push_back(stage == 0 ? first_unet(scale, side) : later_unet(scale, side, stage));
        cascade.steps.push_back(stage == 0 ? 100 : stage == 1 ? 27 : 15);
    }
    decoder.random_crop_sizes = PerStage<std::optional<std::int64_t>>(crops);
    return cascade;
}

std::string amount(double value, const char* unit)
{
    std::ostringstream text;
    text.precision(3);
    text << value << unit;
    return text.str();
}

struct Need {
    double parameters = 0, memory = 0;
};

Need need_of(const Cascade& cascade, std::int64_t batch)
{
    Need need;
    for (const auto& part : parts_of(cascade, batch)) {
        need.parameters += double(part.training.parameters);
        need.memory = std::max(need.memory, part.training_bytes);
    }
    return need;
}

} // namespace

Cascade cascade_for(std::int64_t target_side, const CascadeBudget& budget)
{
    if (budget.batch < 1)
        throw UsageError("A training step needs at least 1 picture, not " + std::to_string(budget.batch)
                         + ".");
    const auto sides = checked_sides(target_side);
    const auto most
        = budget.parameters || budget.memory_bytes ? budget.parameters : std::optional(default_parameters);
    std::optional<Cascade> best;
    for (int scale = smallest_scale; scale <= largest_scale; ++scale) {
        const auto cascade = scaled(scale, sides);
        const auto need = need_of(cascade, budget.batch);
        if (most && need.parameters > double(*most)) {
            if (!best)
                throw UsageError(
                    "The smallest cascade to " + std::to_string(target_side) + " pixels has "
                    + amount(need.parameters / 1e6, " million parameters, and the budget is ")
                    + amount(double(*most) / 1e6, " million; allow more, or choose a smaller side."));
            break;
        }
        if (budget.memory_bytes && need.memory > *budget.memory_bytes) {
            if (!best)
                throw UsageError(
                    "Training the smallest cascade to " + std::to_string(target_side)
                    + " pixels with a batch of " + std::to_string(budget.batch) + " takes "
                    + amount(need.memory / 0x1p30, " GiB, and the budget is ")
                    + amount(*budget.memory_bytes / 0x1p30, " GiB; allow more, or choose a smaller batch."));
            break;
        }
        best = cascade;
    }
    return *best;
}

std::vector<CascadePart> parts_of(const Cascade& cascade, std::int64_t batch)
{
    constexpr std::int64_t guided = 2; // the two passes of guidance are one batch
    std::vector<CascadePart> parts;
    parts.push_back({ .part = "clip",
                      .steps = 1,
                      .training = cost_of(cascade.clip, batch),
                      .sampling = cost_of(cascade.clip, 1) });
    parts.push_back({ .part = "prior",
                      .steps = cascade.prior_steps,
                      .training = cost_of(cascade.net, batch),
                      .sampling = cost_of(cascade.net, guided) });
    for (std::size_t i = 0; i < cascade.unets.size(); ++i) {
        const auto side = cascade.decoder.image_sizes[i];
        const auto crop = cascade.decoder.random_crop_sizes.at(i).value_or(side);
        parts.push_back({ .part = "unet" + std::to_string(i + 1),
                          .side = side,
                          .training_side = crop,
                          .steps = cascade.steps[i],
                          .training = cost_of(cascade.unets[i], crop, batch),
                          .sampling = cost_of(cascade.unets[i], side, guided) });
    }
    double weights = 0;
    for (const auto& part : parts)
        weights += part.training.weight_bytes();
    for (auto& part : parts) {
        part.training_bytes = weights - part.training.weight_bytes() + part.training.training_bytes;
        part.sampling_bytes = weights + part.sampling.evaluation_bytes;
    }
    return parts;
}

} // namespace reverie
