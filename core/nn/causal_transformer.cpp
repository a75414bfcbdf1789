// SPDX-License-Identifier: MIT
#include "core/nn/causal_transformer.h"

#include "core/nn/feed_forward.h"

#include <torch/torch.h>

namespace reverie {

CausalTransformerImpl::CausalTransformerImpl(const CausalTransformerOptions& o)
{
    if (o.norm_in)
        init_norm = register_module("init_norm", LayerNorm(o.dim));
    rel_pos_bias = register_module("rel_pos_bias", RelPosBias(o.heads));
    const auto rotary
        = o.rotary_emb ? RotaryEmbedding(std::min<std::int64_t>(32, o.dim_head)) : RotaryEmbedding(nullptr);
    auto layers = register_module("layers", torch::nn::ModuleList());
    for (std::int64_t l = 0; l < o.depth; ++l) {
        const Layer layer{ Attention(AttentionOptions{ .dim = o.dim,
                                                       .dim_head = o.dim_head,
                                                       .heads = o.heads,
                                                       .causal = true,
                                                       .dropout = o.attn_dropout,
                                                       .rotary_emb = rotary }),
                           swiglu_feed_forward(o.dim, o.ff_mult, o.ff_dropout, o.normformer) };
        layers->push_back(torch::nn::ModuleList(layer.attn, layer.feed_forward));
        layers_.push_back(layer);
    }
    if (o.norm_out)
        norm = register_module("norm", LayerNorm(o.dim, /*stable=*/true));
    if (o.final_proj)
        project_out = register_module("project_out",
                                      torch::nn::Linear(torch::nn::LinearOptions(o.dim, o.dim).bias(false)));
}

Tensor CausalTransformerImpl::forward(const Tensor& input)
{
    auto x = init_norm ? init_norm(input) : input;
    const auto bias = rel_pos_bias(x.size(1), x.size(1) + 1); // the null key counts as position 0
    for (auto& layer : layers_) {
        x = layer.attn(x, bias) + x;
        x = layer.feed_forward->forward(x) + x;
    }
    if (norm)
        x = norm(x);
    return project_out ? project_out(x) : x;
}

} // namespace reverie
