// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/unet.h"
#include "core/nn/adm_layers.h"

namespace reverie {

/// The way down, through the middle and up of a guided-diffusion U-Net, with its embedding of the time.
class AdmTrunkImpl : public torch::nn::Module
{
public:
    /// From `in` to `out` channels; see AdmResBlockOptions for `scale_shift`.
    AdmTrunkImpl(const UnetOptions& options, std::int64_t in, std::int64_t out, bool scale_shift);

    /// x (b, in, h, w), time int64 (b) -> (b, out, h, w). `extra` (b, 4 dim) is added to the time's
    /// embedding; tokens and token_bias as AdmAttention's.
    Tensor forward(const Tensor& x, const Tensor& time, const Tensor& extra = {}, const Tensor& tokens = {},
                   const Tensor& token_bias = {});

private:
    /// Channels of the stem, then after every block on the way down.
    std::vector<std::int64_t> build_down(const UnetOptions& options);
    void build_up(const UnetOptions& options, std::vector<std::int64_t> skipped);
    void register_blocks();
    [[nodiscard]] AdmResBlock block(std::int64_t in, std::int64_t out,
                                    AdmResBlockOptions::Resample resample
                                    = AdmResBlockOptions::Resample::None) const;
    [[nodiscard]] AdmAttention attention(const UnetOptions& options, std::int64_t channels) const;
    [[nodiscard]] AdmAttention attention_at(const UnetOptions& options, std::size_t level,
                                            std::int64_t channels) const;

    std::int64_t dim_, groups_;
    bool scale_shift_;
    torch::nn::Linear time_1{ nullptr }, time_2{ nullptr };
    torch::nn::Conv2d stem{ nullptr };
    std::vector<AdmBlock> downs_, ups_;
    AdmBlock middle_;
    torch::nn::GroupNorm norm_out{ nullptr };
    torch::nn::Conv2d conv_out{ nullptr };
};
TORCH_MODULE(AdmTrunk);

/// Karlo's decoder: a guided-diffusion U-Net that reads CLIP's embedding of the picture, its embedding of the
/// text and what its text tower makes of every token. Its files hold the trunk's layers and the conditions'
/// side by side.
class AdmUnetImpl : public UnetImpl
{
public:
    explicit AdmUnetImpl(const UnetOptions& options);

    /// Throws UsageError without all three conditions, and for a text that is to be dropped: only CLIP can
    /// say what stands in its place.
    Tensor forward(const Tensor& x, const Tensor& time, const UnetCondition& condition, DropProbs drop,
                   Noise* noise) override;
    /// Guidance of the noise alone; a learned variance is the conditional pass's. `negative` without an image
    /// embedding leads away from the learned null embedding.
    Tensor forward_with_cond_scale(const Tensor& x, const Tensor& time, const UnetCondition& condition,
                                   double cond_scale, const UnetCondition* negative) override;
    [[nodiscard]] bool guided_by_empty_text() const override { return true; }

private:
    Tensor conditioned(const Tensor& x, const Tensor& time, const UnetCondition& condition);

    AdmTrunk trunk{ nullptr };
    torch::nn::Linear clip_emb{ nullptr }, text_feat_proj{ nullptr }, clip_tok_proj{ nullptr },
        text_linear{ nullptr };
    torch::nn::LayerNorm text_norm{ nullptr };
    Tensor cf_param; ///< (image_embed_dim), the null image embedding
};

/// Karlo's super-resolution: two U-Nets that see the smaller picture beside x. The first takes all steps but
/// the last, t = 0, which the second was tuned for.
class AdmUnetPairImpl : public UnetImpl
{
public:
    explicit AdmUnetPairImpl(const UnetOptions& options);
    Tensor forward(const Tensor& x, const Tensor& time, const UnetCondition& condition, DropProbs drop,
                   Noise* noise) override;
    Tensor forward_with_cond_scale(const Tensor& x, const Tensor& time, const UnetCondition& condition,
                                   double cond_scale, const UnetCondition* negative) override;

private:
    AdmTrunk first_steps{ nullptr }, last_step{ nullptr };
};

/// A U-Net of whichever kind the options name. Throws UsageError naming the option that can't be built.
Unet make_unet(const UnetOptions& options);

} // namespace reverie
