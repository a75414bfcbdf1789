// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/prior_network.h"

namespace reverie {

/// Karlo's names for the sizes of its prior; the published one by default.
struct PriorTransformerOptions {
    std::int64_t text_ctx = 77; ///< text encodings that are read
    std::int64_t xf_width = 2048;
    std::int64_t xf_layers = 20;
    std::int64_t xf_heads = 32;
    bool xf_final_ln = true; ///< a norm before the last projection
    std::int64_t clip_dim = 768; ///< of text encodings, text embedding and image embedding alike
    static void visit(auto& self, auto&& field)
    {
        field("text_ctx", self.text_ctx);
        field("xf_width", self.xf_width);
        field("xf_layers", self.xf_layers);
        field("xf_heads", self.xf_heads);
        field("xf_final_ln", self.xf_final_ln);
        field("clip_dim", self.clip_dim);
    }
};

/// Self-attention and a feed-forward, each after a norm; a head's query, key and value lie together.
class PriorBlockImpl : public torch::nn::Module
{
public:
    PriorBlockImpl(std::int64_t width, std::int64_t heads);
    Tensor forward(const Tensor& x, const Tensor& bias); // (b, n, width), (b, n, n)

private:
    std::int64_t heads_;
    torch::nn::LayerNorm ln_1{ nullptr }, ln_2{ nullptr };
    torch::nn::Linear c_qkv{ nullptr }, attn_proj{ nullptr }, c_fc{ nullptr }, mlp_proj{ nullptr };
};
TORCH_MODULE(PriorBlock);

/// A causal transformer over [text encodings, text embedding, time, noised image embedding, query] under the
/// names of Karlo's files; the last token is the prediction of x_0. Padding is never attended to.
class PriorTransformerImpl : public torch::nn::Module
{
public:
    /// Throws UsageError for a width without whole heads.
    explicit PriorTransformerImpl(const PriorTransformerOptions& options);

    /// image_embed (b, clip_dim), times int64 (b) -> (b, clip_dim). Zero rows of the encodings are padding;
    /// as many rows as text_ctx are read.
    Tensor forward(const Tensor& image_embed, const Tensor& times, const TextCondition& text);

    [[nodiscard]] const PriorTransformerOptions& options() const { return options_; }

private:
    PriorTransformerOptions options_;
    torch::nn::Linear time_1{ nullptr }, time_2{ nullptr }, text_enc_proj{ nullptr },
        text_emb_proj{ nullptr }, clip_img_proj{ nullptr }, out_proj{ nullptr };
    std::vector<PriorBlock> blocks_;
    torch::nn::LayerNorm final_ln{ nullptr };
    Tensor positional_embedding, prd_emb; ///< (1, text_ctx + 4, xf_width), (1, 1, xf_width)
};
TORCH_MODULE(PriorTransformer);

} // namespace reverie
