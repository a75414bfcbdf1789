// SPDX-License-Identifier: MIT
#include "core/models/unet_options.h"

#include "core/base/error.h"

#include <algorithm>
#include <set>

namespace reverie {

namespace {

[[noreturn]] void refuse(const std::string& why)
{
    throw UsageError("This U-Net can't be built: " + why);
}

std::string text(std::int64_t number)
{
    return std::to_string(number);
}

/// Side of the feature maps of a resolution.
std::int64_t side_at(const UnetOptions& o, std::size_t level)
{
    return *o.image_size >> (level + (o.memory_efficient ? 1U : 0U));
}

template <class T>
void check_length(const PerStage<T>& values, const UnetOptions& o, const std::string& name)
{
    if (values.is_list() && values.values().size() != o.dim_mults.size())
        refuse(name + " lists " + std::to_string(values.values().size()) + " values and dim_mults "
               + std::to_string(o.dim_mults.size()) + "; give one for each resolution, or one for all.");
}

void check_groups(const UnetOptions& o)
{
    const auto divides = [&o](std::size_t level, std::int64_t channels) {
        const auto groups = o.resnet_groups.at(level);
        if (groups < 1 || channels % groups != 0)
            refuse("resnet_groups " + text(groups) + " does not divide the " + text(channels)
                   + " channels of resolution " + std::to_string(level + 1) + ".");
    };
    const auto dims = level_dims(o);
    divides(0, o.dim);
    for (std::size_t level = 0; level + 1 < dims.size(); ++level) {
        if (level == 0 || !o.memory_efficient)
            divides(level, dims[level]);
        divides(level, dims[level + 1]);
    }
    if (o.combine_upsample_fmaps && o.dim % 8 != 0)
        refuse("combine_upsample_fmaps needs a dim that is a multiple of 8, not " + text(o.dim) + ".");
}

void check_kernels(const UnetOptions& o)
{
    for (const auto kernel : o.init_cross_embed_kernel_sizes)
        if (o.init_cross_embed && kernel % 2 != 1)
            refuse("init_cross_embed_kernel_sizes must be odd, not " + text(kernel) + ".");
    for (const auto kernel : o.cross_embed_downsample_kernel_sizes)
        if (o.cross_embed_downsample && (kernel % 2 != 0 || kernel < 2))
            refuse("cross_embed_downsample_kernel_sizes must be even, not " + text(kernel) + ".");
    if (!o.init_cross_embed && o.init_conv_kernel_size % 2 != 1)
        refuse("init_conv_kernel_size must be odd, not " + text(o.init_conv_kernel_size) + ".");
    if (o.final_conv_kernel_size % 2 != 1)
        refuse("final_conv_kernel_size must be odd, not " + text(o.final_conv_kernel_size) + ".");
}

void check_attention(const UnetOptions& o)
{
    static const std::set<std::string> known{ "auto", "none", "full", "linear", "block", "grid", "maxvit" };
    for (const auto& type : o.attn_type.values())
        if (!known.contains(type))
            refuse("there is no attn_type \"" + type
                   + "\"; choose auto, none, full, linear, block, grid or maxvit.");
    if (o.attn_window < 1)
        refuse("attn_window must be at least 1, not " + text(o.attn_window) + ".");
    if ((!o.attn_resolutions.empty() || o.cross_attn_resolution) && !o.image_size)
        refuse("attn_resolutions and cross_attn_resolution count from image_size; give the picture's side.");
    if (o.image_size && (*o.image_size < 1 || *o.image_size % side_multiple(o) != 0))
        refuse("image_size " + text(*o.image_size) + " is no multiple of " + text(side_multiple(o))
               + ", as its " + std::to_string(o.dim_mults.size()) + " resolutions need.");
    for (const auto side : o.attn_resolutions) {
        std::string sides;
        bool found = false;
        for (std::size_t level = 0; level < o.dim_mults.size(); ++level) {
            found = found || side_at(o, level) == side;
            sides += (level ? ", " : "") + text(side_at(o, level));
        }
        if (!found)
            refuse("attn_resolutions names " + text(side) + ", but a picture of " + text(*o.image_size)
                   + " is worked on at " + sides + ".");
    }
}

} // namespace

void check(const UnetOptions& o)
{
    if (o.kind != "unet" && o.kind != "u2net" && !is_adm(o))
        refuse("there is no kind \"" + o.kind + "\"; choose unet, u2net, adm or adm_pair.");
    if (o.dim < 4 || o.dim % 2 != 0)
        refuse("dim must be even and at least 4, not " + text(o.dim) + ".");
    if (o.init_dim.value_or(o.dim) < 1)
        refuse("init_dim must be at least 1, not " + text(*o.init_dim) + ".");
    if (o.dim_mults.empty() || *std::min_element(o.dim_mults.begin(), o.dim_mults.end()) < 1)
        refuse("dim_mults must name at least one resolution, each by 1 or more.");
    if (o.kind == "u2net" && o.dim_mults.size() < 2)
        refuse("a u2net nests what it does at lower resolutions, and dim_mults has only one.");
    if (o.cond_on_image_embeds && !o.image_embed_dim)
        refuse("cond_on_image_embeds needs image_embed_dim.");
    if (o.cond_on_text_encodings && !o.text_embed_dim)
        refuse("cond_on_text_encodings needs text_embed_dim.");
    check_length(o.self_attn, o, "self_attn");
    check_length(o.resnet_groups, o, "resnet_groups");
    check_length(o.num_resnet_blocks, o, "num_resnet_blocks");
    check_length(o.attn_type, o, "attn_type");
    check_groups(o);
    check_kernels(o);
    check_attention(o);
}

bool is_adm(const UnetOptions& o)
{
    return o.kind == "adm" || o.kind == "adm_pair";
}

std::vector<std::int64_t> level_dims(const UnetOptions& o)
{
    std::vector<std::int64_t> dims{ o.init_dim.value_or(o.dim) };
    for (const auto mult : o.dim_mults)
        dims.push_back(o.dim * mult);
    return dims;
}

std::string attention_at(const UnetOptions& o, std::size_t level)
{
    if (const auto type = o.attn_type.at(level); type != "auto")
        return type;
    const auto& sides = o.attn_resolutions;
    const bool full = sides.empty() ? o.self_attn.at(level)
                                    : std::find(sides.begin(), sides.end(), side_at(o, level)) != sides.end();
    return full ? "full" : o.sparse_attn ? "linear" : "none";
}

bool cross_attends_at(const UnetOptions& o, std::size_t level)
{
    return o.cross_attn_resolution ? side_at(o, level) <= *o.cross_attn_resolution : level > 0;
}

bool cross_attends_at_middle(const UnetOptions& o)
{
    return !o.cross_attn_resolution || cross_attends_at(o, o.dim_mults.size() - 1);
}

std::int64_t nested_depth(const UnetOptions& o, std::size_t level)
{
    return o.kind == "u2net" ? static_cast<std::int64_t>(o.dim_mults.size() - 1 - level) : 0;
}

std::int64_t side_multiple(const UnetOptions& o)
{
    return std::int64_t(1) << (o.dim_mults.size() - (o.memory_efficient ? 0 : 1));
}

} // namespace reverie
