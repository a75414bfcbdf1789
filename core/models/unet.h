// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/prior_network.h"
#include "core/models/unet_options.h"
#include "core/nn/adapts_to_tensors.h"
#include "core/nn/attention.h"
#include "core/nn/embeddings.h"
#include "core/nn/resample.h"
#include "core/nn/resnet.h"

#include <torch/nn/modules/container/modulelist.h>

#include <optional>

namespace reverie {

/// Everything a U-Net may be conditioned on; undefined tensors are absent.
struct UnetCondition {
    Tensor image_embed; ///< (b, image_embed_dim)
    Tensor text_encodings; ///< (b, n, text_embed_dim), zero rows are padding
    Tensor lowres_cond_img; ///< (b, c, h, w), the size of x
    Tensor lowres_noise_level; ///< int64 (b)
    Tensor self_cond; ///< (b, c, h, w), the last x_0 estimate
    Tensor text_embed = {}; ///< (b, text_embed_dim), of the whole text; only ADM U-Nets read it
};

/// One resolution on the way down. Empty layers are skipped.
struct UnetDown {
    torch::nn::AnyModule downsample_first; ///< memory_efficient only
    ResnetBlock init_block{ nullptr };
    std::vector<ResnetBlock> blocks;
    torch::nn::AnyModule attention, downsample;
    bool cross_attends = false;
};

/// One resolution on the way up.
struct UnetUp {
    ResnetBlock init_block{ nullptr };
    std::vector<ResnetBlock> blocks;
    torch::nn::AnyModule attention, upsample;
    bool cross_attends = false;
};

/// The decoder's U-Net: resnet blocks with cross attention to condition tokens. As `u2net` its blocks are
/// nested, see NestedResnetBlock.
class UnetImpl : public torch::nn::Module, public AdaptsToTensors
{
public:
    /// Throws UsageError naming the option that can't be built.
    explicit UnetImpl(const UnetOptions& options);

    /// x (b, c, h, w), time int64 (b) -> (b, channels_out, h, w). `noise` is needed only for drop
    /// probabilities strictly between 0 and 1. Throws UsageError if a side is not divisible by
    /// side_multiple().
    virtual Tensor forward(const Tensor& x, const Tensor& time, const UnetCondition& condition,
                           DropProbs drop = {}, Noise* noise = nullptr);

    /// Classifier-free guidance: null + (conditional - null) * cond_scale, both passes as one batch. With
    /// `negative` its image_embed and text_encodings take the place of the null condition.
    virtual Tensor forward_with_cond_scale(const Tensor& x, const Tensor& time,
                                           const UnetCondition& condition, double cond_scale,
                                           const UnetCondition* negative = nullptr);

    /// Guidance leads away from the text "", which has no learned stand-in; `negative` must bring it.
    [[nodiscard]] virtual bool guided_by_empty_text() const { return false; }

    /// Takes the reference's files in which the middle attends although attend_at_middle is false, and those
    /// without image_to_tokens, where image_embed_dim equals cond_dim and every image token is the embedding
    /// itself.
    void adapt_to(const HoldsTensor& holds) override;

    [[nodiscard]] const UnetOptions& options() const { return options_; }
    [[nodiscard]] std::int64_t side_multiple() const { return reverie::side_multiple(options_); }

protected:
    struct NoLayers {
    };
    UnetImpl(const UnetOptions& options, NoLayers); ///< for architectures with layers of their own

private:
    struct Tokens {
        Tensor time, outer, middle; ///< (b, 4 dim), (b, n, cond_dim), (b, m, cond_dim)
    };
    Tensor forward_masked(const Tensor& x, const Tensor& time, const UnetCondition& condition,
                          const Tensor& image_keep, const Tensor& text_keep);
    Tokens condition_tokens(const Tensor& time, const UnetCondition& condition, const Tensor& image_keep,
                            const Tensor& text_keep);
    Tensor text_tokens(const Tensor& text_encodings, const Tensor& text_keep);
    [[nodiscard]] Tensor with_sum(const Tensor& time, const Tensor& tokens);
    void build_conditioning();
    void build_mid_attention();
    void build_down(std::size_t level);
    void build_up(std::size_t level);
    [[nodiscard]] ResnetBlock resnet_block(std::int64_t dim, std::int64_t dim_out, bool cross_attends,
                                           std::size_t level, std::int64_t depth = 0) const;
    [[nodiscard]] torch::nn::AnyModule attention(std::int64_t dim, std::size_t level) const;

    UnetOptions options_;
    std::vector<std::int64_t> dims_; ///< channels before the first level, then after each
    std::int64_t cond_dim_ = 0, time_cond_dim_ = 0;
    torch::nn::AnyModule init_conv;
    torch::nn::Sequential to_time_hiddens{ nullptr }, to_time_tokens{ nullptr }, to_time_cond{ nullptr };
    torch::nn::Sequential image_to_tokens{ nullptr }, to_image_hiddens{ nullptr },
        to_lowres_noise_cond{ nullptr };
    torch::nn::Linear text_to_cond{ nullptr }, to_sum_cond{ nullptr };
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
