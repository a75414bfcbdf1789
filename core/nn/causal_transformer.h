// SPDX-License-Identifier: MIT
#pragma once

#include "core/nn/attention.h"

#include <torch/nn/modules/container/modulelist.h>

namespace reverie {

struct CausalTransformerOptions {
    std::int64_t dim = 0;
    std::int64_t depth = 6;
    std::int64_t dim_head = 64;
    std::int64_t heads = 8;
    std::int64_t ff_mult = 4;
    bool norm_in = false;
    bool norm_out = true;
    double attn_dropout = 0, ff_dropout = 0;
    bool final_proj = true;
    bool normformer = false; ///< a norm after the feed-forward's activation (Shleifer et al. 2021)
    bool rotary_emb = true;
};

/// The prior's transformer: causal attention with T5's relative bias, SwiGLU feed-forward.
class CausalTransformerImpl : public torch::nn::Module
{
public:
    explicit CausalTransformerImpl(const CausalTransformerOptions& options);
    Tensor forward(const Tensor& x); // (b, n, dim) -> (b, n, dim)

private:
    struct Layer {
        Attention attn{ nullptr };
        torch::nn::Sequential feed_forward{ nullptr };
    };
    LayerNorm init_norm{ nullptr };
    RelPosBias rel_pos_bias{ nullptr };
    std::vector<Layer> layers_;
    LayerNorm norm{ nullptr };
    torch::nn::Linear project_out{ nullptr };
};
TORCH_MODULE(CausalTransformer);

} // namespace reverie
