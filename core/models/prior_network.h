// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"
#include "core/nn/causal_transformer.h"

#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>

#include <optional>

namespace reverie {

using torch::Tensor;

struct PriorNetworkOptions {
    std::int64_t dim = 512; ///< width; equals the text and image embedding's
    std::optional<std::int64_t>
        num_timesteps; ///< discrete time embedding of that many steps; none: continuous
    std::int64_t num_time_embeds = 1; ///< tokens for the time
    std::int64_t num_image_embeds = 1; ///< tokens for the noised image embedding
    std::int64_t num_text_embeds = 1; ///< tokens for the text embedding
    std::int64_t max_text_len = 256; ///< text encodings that are read
    bool self_cond = false; ///< self-conditioning (Chen et al. 2022)
    std::int64_t depth = 6; ///< transformer layers
    std::int64_t dim_head = 64;
    std::int64_t heads = 8;
    std::int64_t ff_mult = 4;
    bool norm_in = false;
    bool norm_out = true;
    double attn_dropout = 0, ff_dropout = 0;
    bool final_proj = true;
    bool normformer = false;
    bool rotary_emb = true;
    static void visit(auto& self, auto&& field)
    {
        field("dim", self.dim);
        field("num_timesteps", self.num_timesteps);
        field("num_time_embeds", self.num_time_embeds);
        field("num_image_embeds", self.num_image_embeds);
        field("num_text_embeds", self.num_text_embeds);
        field("max_text_len", self.max_text_len);
        field("self_cond", self.self_cond);
        field("depth", self.depth);
        field("dim_head", self.dim_head);
        field("heads", self.heads);
        field("ff_mult", self.ff_mult);
        field("norm_in", self.norm_in);
        field("norm_out", self.norm_out);
        field("attn_dropout", self.attn_dropout);
        field("ff_dropout", self.ff_dropout);
        field("final_proj", self.final_proj);
        field("normformer", self.normformer);
        field("rotary_emb", self.rotary_emb);
    }
};

/// What a text is to the prior.
struct TextCondition {
    Tensor text_embed; ///< (b, dim)
    Tensor text_encodings; ///< (b, n, dim), zero rows are padding; undefined: none
};

/// Shares of the batch whose conditions are replaced by the learned null ones.
struct DropProbs {
    double text = 0, image = 0;
};

/// A causal transformer over [text encodings, text embedding, time, noised image embedding, query]; the last
/// token is the prediction (Ramesh et al. 2022, section 2.2).
class PriorNetworkImpl : public torch::nn::Module
{
public:
    explicit PriorNetworkImpl(const PriorNetworkOptions& options);

    /// image_embed (b, dim), times int64 (b) -> (b, dim). `noise` is needed only for drop probabilities
    /// strictly between 0 and 1.
    Tensor forward(const Tensor& image_embed, const Tensor& times, const TextCondition& text,
                   const Tensor& self_cond = {}, DropProbs drop = {}, Noise* noise = nullptr);

    /// Classifier-free guidance: null + (conditional - null) * cond_scale, both passes as one batch. With
    /// `negative` that text takes the place of the null condition.
    Tensor forward_with_cond_scale(const Tensor& image_embed, const Tensor& times, const TextCondition& text,
                                   const Tensor& self_cond, double cond_scale,
                                   const TextCondition* negative = nullptr);

    [[nodiscard]] const PriorNetworkOptions& options() const { return options_; }

private:
    Tensor forward_masked(const Tensor& image_embed, const Tensor& times, const TextCondition& text,
                          const Tensor& self_cond, const Tensor& text_keep, const Tensor& image_keep);

    PriorNetworkOptions options_;
    torch::nn::Sequential to_text_embeds{ nullptr }, to_image_embeds{ nullptr }, to_time_embeds{ nullptr };
    CausalTransformer causal_transformer{ nullptr };
    Tensor learned_query, null_text_encodings, null_text_embeds, null_image_embed;
};
TORCH_MODULE(PriorNetwork);

/// (b) bool: which samples keep a condition that is dropped with probability `drop`. Draws nothing for 0
/// and 1.
Tensor keep_mask(std::int64_t batch, double drop, Noise* noise, torch::Device device);

} // namespace reverie
