// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/options.h"
#include "core/models/prior_network.h"
#include "core/nn/attention.h"
#include "core/nn/embeddings.h"
#include "core/nn/resample.h"
#include "core/nn/resnet.h"

#include <torch/nn/modules/container/modulelist.h>

#include <optional>

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
    bool attend_at_middle = true; ///< accepted; the middle always attends, as in the reference
    bool cond_on_text_encodings = false;
    std::int64_t max_text_len = 256;
    bool cond_on_image_embeds = false;
    bool add_image_embeds_to_time = true; ///< add the projected image embedding to the time's
    std::optional<std::int64_t> init_dim; ///< must equal dim, as in the reference
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
    bool checkpoint_during_training = false;
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
    }
};

/// Everything a U-Net may be conditioned on; undefined tensors are absent.
struct UnetCondition {
    Tensor image_embed; ///< (b, image_embed_dim)
    Tensor text_encodings; ///< (b, n, text_embed_dim), zero rows are padding
    Tensor lowres_cond_img; ///< (b, c, h, w), the size of x
    Tensor lowres_noise_level; ///< int64 (b)
    Tensor self_cond; ///< (b, c, h, w), the last x_0 estimate
};

/// One resolution on the way down. Empty layers are skipped.
struct UnetDown {
    torch::nn::AnyModule downsample_first; ///< memory_efficient only
    ResnetBlock init_block{ nullptr };
    std::vector<ResnetBlock> blocks;
    torch::nn::AnyModule attention, downsample;
};

/// One resolution on the way up.
struct UnetUp {
    ResnetBlock init_block{ nullptr };
    std::vector<ResnetBlock> blocks;
    torch::nn::AnyModule attention, upsample;
};

/// The decoder's U-Net: resnet blocks with cross attention to condition tokens.
class UnetImpl : public torch::nn::Module
{
public:
    /// Throws UsageError naming the option that can't be built.
    explicit UnetImpl(const UnetOptions& options);

    /// x (b, c, h, w), time int64 (b) -> (b, channels_out, h, w). `noise` is needed only for drop
    /// probabilities strictly between 0 and 1. Throws UsageError if a side is not divisible by
    /// side_multiple().
    Tensor forward(const Tensor& x, const Tensor& time, const UnetCondition& condition, DropProbs drop = {},
                   Noise* noise = nullptr);

    /// Classifier-free guidance: null + (conditional - null) * cond_scale, both passes as one batch.
    Tensor forward_with_cond_scale(const Tensor& x, const Tensor& time, const UnetCondition& condition,
                                   double cond_scale);

    [[nodiscard]] const UnetOptions& options() const { return options_; }
    [[nodiscard]] std::int64_t side_multiple() const;

private:
    struct Tokens {
        Tensor time, outer, middle; ///< (b, 4 dim), (b, n, cond_dim), (b, m, cond_dim)
    };
    Tensor forward_masked(const Tensor& x, const Tensor& time, const UnetCondition& condition,
                          const Tensor& image_keep, const Tensor& text_keep);
    Tokens condition_tokens(const Tensor& time, const UnetCondition& condition, const Tensor& image_keep,
                            const Tensor& text_keep);
    Tensor text_tokens(const Tensor& text_encodings, const Tensor& text_keep);
    void build_conditioning();
    void build_down(std::size_t level);
    void build_up(std::size_t level);
    ResnetBlock resnet_block(std::int64_t dim, std::int64_t dim_out, std::int64_t cond_dim,
                             std::size_t level) const;
    torch::nn::AnyModule attention(std::int64_t dim, std::size_t level) const;

    UnetOptions options_;
    std::vector<std::int64_t> dims_; ///< channels before the first level, then after each
    std::int64_t cond_dim_ = 0, time_cond_dim_ = 0;
    torch::nn::AnyModule init_conv;
    torch::nn::Sequential to_time_hiddens{ nullptr }, to_time_tokens{ nullptr }, to_time_cond{ nullptr };
    torch::nn::Sequential image_to_tokens{ nullptr }, to_image_hiddens{ nullptr },
        to_lowres_noise_cond{ nullptr };
    torch::nn::Linear text_to_cond{ nullptr };
    torch::nn::LayerNorm norm_cond{ nullptr }, norm_mid_cond{ nullptr };
    Tensor null_image_embed, null_image_hiddens, null_text_embed;
    ResnetBlock init_resnet_block{ nullptr };
    std::vector<UnetDown> downs_;
    std::vector<UnetUp> ups_;
    ResnetBlock mid_block1{ nullptr }, mid_block2{ nullptr };
    SequenceAttention mid_attn{ nullptr };
    UpsampleCombiner upsample_combiner{ nullptr };
    ResnetBlock final_resnet_block{ nullptr };
    torch::nn::Conv2d to_out{ nullptr };
};
TORCH_MODULE(Unet);

} // namespace reverie
