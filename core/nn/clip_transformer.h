// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"
#include "core/nn/feed_forward.h"
#include "core/nn/normalization.h"

#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>

#include <vector>

namespace reverie {

struct ClipTransformerOptions {
    std::int64_t dim = 0;
    std::int64_t depth = 6;
    std::int64_t dim_head = 64;
    std::int64_t heads = 8;
    std::int64_t ff_mult = 4;
    bool causal = false;
    bool checkpoint_during_training = false; ///< see checkpointed()
};

/// Multi-head self-attention whose output is normed.
class ClipAttentionImpl : public torch::nn::Module
{
public:
    explicit ClipAttentionImpl(const ClipTransformerOptions& options);
    /// x (b, n, dim); mask bool (b, n), true where there is a token; rotary angles (n, r). Undefined: none.
    Tensor forward(const Tensor& x, const Tensor& mask, const Tensor& rotary);

private:
    ClipTransformerOptions options_;
    torch::nn::Linear to_qkv{ nullptr };
    torch::nn::Sequential to_out{ nullptr };
};
TORCH_MODULE(ClipAttention);

/// Pre-norm transformer with a norm before and after (x-clip's).
class ClipTransformerImpl : public torch::nn::Module
{
public:
    explicit ClipTransformerImpl(const ClipTransformerOptions& options);
    Tensor forward(const Tensor& x, const Tensor& mask = {}, const Tensor& rotary = {}); // (b, n, dim)

private:
    struct Layer {
        LayerNorm attn_norm{ nullptr }, feed_forward_norm{ nullptr };
        ClipAttention attn{ nullptr };
        torch::nn::Sequential feed_forward{ nullptr };

        Tensor operator()(const Tensor& input, const Tensor& mask, const Tensor& rotary);
        [[nodiscard]] std::vector<Tensor> trained_parameters() const;
    };
    bool checkpoint_during_training_;
    LayerNorm norm_in{ nullptr }, norm_out{ nullptr };
    std::vector<Layer> layers_;
};
TORCH_MODULE(ClipTransformer);

/// Tokens to encodings, with a learned [cls] in front unless it is causal.
class ClipTextTransformerImpl : public torch::nn::Module
{
public:
    ClipTextTransformerImpl(const ClipTransformerOptions& options, std::int64_t num_tokens,
                            std::int64_t max_seq_len, bool rotary_pos_emb);
    /// int64 (b, n) -> (b, 1 + n, dim), causal (b, n, dim)
    Tensor forward(const Tensor& text, const Tensor& mask = {});

private:
    torch::nn::Embedding token_emb{ nullptr }, abs_pos_emb{ nullptr };
    Tensor cls_token;
    Tensor inv_freq; ///< rotary frequencies; undefined with learned positions
    ClipTransformer transformer{ nullptr };
};
TORCH_MODULE(ClipTextTransformer);

/// Patches to encodings; [cls] is a projection of their mean, put in front.
class ClipVisionTransformerImpl : public torch::nn::Module
{
public:
    ClipVisionTransformerImpl(const ClipTransformerOptions& options, std::int64_t image_size,
                              std::int64_t patch_size, std::int64_t channels, double patch_dropout);
    /// (b, c, h, w) -> (b, 1 + m, dim). In training `noise` chooses the patches that are kept.
    Tensor forward(const Tensor& image, Noise* noise = nullptr);

    /// What forward() passes through: (b, patches, dim), (b, m, dim) twice, (b, 1, dim).
    struct Stages {
        Tensor tokens, kept, encodings, cls;
    };
    Stages stages(const Tensor& image, Noise* noise = nullptr);

    [[nodiscard]] std::int64_t num_patches() const { return pos_emb->weight.size(0); }
    /// What patch dropout leaves of `patches`, at least 1.
    [[nodiscard]] std::int64_t kept_in_training(std::int64_t patches) const;

private:
    std::int64_t patch_size_;
    double patch_dropout_;
    torch::nn::Sequential to_tokens{ nullptr }, to_cls_tokens{ nullptr };
    torch::nn::Embedding pos_emb{ nullptr };
    ClipTransformer transformer{ nullptr };
};
TORCH_MODULE(ClipVisionTransformer);

} // namespace reverie
