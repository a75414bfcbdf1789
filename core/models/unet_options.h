// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/options.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace reverie {

struct UnetOptions {
    std::int64_t dim = 128; ///< channels after the stem
    std::optional<std::int64_t> image_embed_dim; ///< width of the image embedding
    std::optional<std::int64_t> text_embed_dim; ///< width of the text encodings
    std::optional<std::int64_t> cond_dim; ///< width of the condition tokens; default dim
    std::int64_t num_image_tokens = 4; ///< tokens made of the image embedding
    std::int64_t num_time_tokens = 2;
    std::optional<std::int64_t> out_dim; ///< accepted and unused, as in the reference
    std::vector<std::int64_t> dim_mults = { 1, 2, 4, 8 }; ///< channel multiplier of each resolution
    std::int64_t channels = 3;
    std::optional<std::int64_t>
        channels_out; ///< default channels; the decoder doubles it for a learned variance
    PerStage<bool> self_attn = false; ///< full attention at a resolution
    std::int64_t attn_dim_head = 32;
    std::int64_t attn_heads = 16;
    bool lowres_cond = false; ///< takes the previous stage's picture
    bool lowres_noise_cond = false; ///< and the level of noise it was given
    bool self_cond = false;
    bool sparse_attn = false; ///< linear attention where there is no full one
    bool cosine_sim_cross_attn = false;
    bool cosine_sim_self_attn = false;
    bool attend_at_middle = true; ///< full attention between the way down and the way up. The reference reads
                                  ///< the option and attends all the same, so a file that has mid_attn
                                  ///< tensors brings the attention back
    bool cond_on_text_encodings = false;
    std::int64_t max_text_len = 256;
    bool cond_on_image_embeds = false;
    bool add_image_embeds_to_time = true; ///< add the projected image embedding to the time's
    std::optional<std::int64_t> init_dim; ///< channels of the stem; default dim
    std::int64_t init_conv_kernel_size = 7;
    PerStage<std::int64_t> resnet_groups = 8;
    bool resnet_weight_standardization = false;
    PerStage<std::int64_t> num_resnet_blocks = 2;
    bool init_cross_embed = true; ///< stem of several kernel sizes
    std::vector<std::int64_t> init_cross_embed_kernel_sizes = { 3, 7, 15 };
    bool cross_embed_downsample = false;
    std::vector<std::int64_t> cross_embed_downsample_kernel_sizes = { 2, 4 };
    bool memory_efficient = false; ///< downsample before a resolution's blocks, not after
    bool scale_skip_connection = false; ///< skips times 2^-0.5 (Imagen)
    bool pixel_shuffle_upsample = true;
    std::int64_t final_conv_kernel_size = 1;
    bool combine_upsample_fmaps = false; ///< the last block sees every resolution's feature map
    bool checkpoint_during_training = false; ///< resnet blocks are computed again in the backward pass
                                             ///< instead of kept: less memory, a third more time

    // Beyond the reference:
    std::string kind = "unet"; ///< unet | u2net: every block ends in a U-Net of its own; experimental | adm:
                               ///< OpenAI's guided diffusion as Karlo conditions it | adm_pair: two of those
                               ///< without conditions or attention, the second for the last step
    std::optional<std::int64_t> image_size; ///< side that the resolutions below count from; in a decoder the
                                            ///< stage's
    std::vector<std::int64_t> attn_resolutions; ///< sides of the feature maps with full attention, instead of
                                                ///< self_attn
    PerStage<std::string> attn_type = std::string("auto"); ///< auto (what self_attn, attn_resolutions and
                                                           ///< sparse_attn say) | none | full | linear |
                                                           ///< block | grid | maxvit (block, then grid)
    std::int64_t attn_window = 8; ///< side of the windows of block and grid attention
    std::optional<std::int64_t> cross_attn_resolution; ///< cross attention up to this side only; above it the
                                                       ///< mean condition token is added to the time's
                                                       ///< embedding. none: everywhere but at the outermost
                                                       ///< resolution
    static void visit(auto& self, auto&& field)
    {
        field("dim", self.dim);
        field("image_embed_dim", self.image_embed_dim);
        field("text_embed_dim", self.text_embed_dim);
        field("cond_dim", self.cond_dim);
        field("num_image_tokens", self.num_image_tokens);
        field("num_time_tokens", self.num_time_tokens);
        field("out_dim", self.out_dim);
        field("dim_mults", self.dim_mults);
        field("channels", self.channels);
        field("channels_out", self.channels_out);
        field("self_attn", self.self_attn);
        field("attn_dim_head", self.attn_dim_head);
        field("attn_heads", self.attn_heads);
        field("lowres_cond", self.lowres_cond);
        field("lowres_noise_cond", self.lowres_noise_cond);
        field("self_cond", self.self_cond);
        field("sparse_attn", self.sparse_attn);
        field("cosine_sim_cross_attn", self.cosine_sim_cross_attn);
        field("cosine_sim_self_attn", self.cosine_sim_self_attn);
        field("attend_at_middle", self.attend_at_middle);
        field("cond_on_text_encodings", self.cond_on_text_encodings);
        field("max_text_len", self.max_text_len);
        field("cond_on_image_embeds", self.cond_on_image_embeds);
        field("add_image_embeds_to_time", self.add_image_embeds_to_time);
        field("init_dim", self.init_dim);
        field("init_conv_kernel_size", self.init_conv_kernel_size);
        field("resnet_groups", self.resnet_groups);
        field("resnet_weight_standardization", self.resnet_weight_standardization);
        field("num_resnet_blocks", self.num_resnet_blocks);
        field("init_cross_embed", self.init_cross_embed);
        field("init_cross_embed_kernel_sizes", self.init_cross_embed_kernel_sizes);
        field("cross_embed_downsample", self.cross_embed_downsample);
        field("cross_embed_downsample_kernel_sizes", self.cross_embed_downsample_kernel_sizes);
        field("memory_efficient", self.memory_efficient);
        field("scale_skip_connection", self.scale_skip_connection);
        field("pixel_shuffle_upsample", self.pixel_shuffle_upsample);
        field("final_conv_kernel_size", self.final_conv_kernel_size);
        field("combine_upsample_fmaps", self.combine_upsample_fmaps);
        field("checkpoint_during_training", self.checkpoint_during_training);
        field("kind", self.kind);
        field("image_size", self.image_size);
        field("attn_resolutions", self.attn_resolutions);
        field("attn_type", self.attn_type);
        field("attn_window", self.attn_window);
        field("cross_attn_resolution", self.cross_attn_resolution);
    }
};

/// Throws UsageError that names the options that contradict each other.
void check(const UnetOptions& options);

/// Built by AdmUnet or AdmUnetPair, which read dim, dim_mults, num_resnet_blocks, resnet_groups, channels,
/// attn_resolutions, attn_dim_head, image_embed_dim, text_embed_dim, cond_dim and num_image_tokens.
bool is_adm(const UnetOptions& options);

/// Channels of the stem, then after each resolution.
std::vector<std::int64_t> level_dims(const UnetOptions& options);

/// What stands behind a resolution's blocks: none | full | linear | block | grid | maxvit.
std::string attention_at(const UnetOptions& options, std::size_t level);

/// Whether a resolution's blocks attend to the condition tokens; the middle counts as the last resolution.
bool cross_attends_at(const UnetOptions& options, std::size_t level);
bool cross_attends_at_middle(const UnetOptions& options);

/// Halvings from a resolution down to the last: how deep the U-Nets of a u2net's blocks are.
std::int64_t nested_depth(const UnetOptions& options, std::size_t level);

/// Both sides of a picture must be multiples of this.
std::int64_t side_multiple(const UnetOptions& options);

} // namespace reverie
