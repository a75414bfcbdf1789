// SPDX-License-Identifier: MIT
#include "core/nn/residual_attention.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

namespace reverie {

namespace {

torch::nn::LayerNorm layer_norm(std::int64_t width)
{
    return torch::nn::LayerNorm(torch::nn::LayerNormOptions({ width }));
}

Tensor scaled(const Tensor& x, const Tensor& scale)
{
    return scale.defined() ? x * scale : x;
}

} // namespace

SelfAttentionImpl::SelfAttentionImpl(const ResidualAttentionOptions& o)
    : heads_(o.heads)
    , causal_(o.causal)
    , in_proj_weight(register_parameter(
          "in_proj_weight", torch::randn({ 3 * o.width, o.width }) / std::sqrt(static_cast<double>(o.width))))
    , in_proj_bias(register_parameter("in_proj_bias", torch::zeros({ 3 * o.width })))
    , out_proj(register_module("out_proj", torch::nn::Linear(o.width, o.width)))
{
}

Tensor SelfAttentionImpl::forward(const Tensor& x)
{
    const auto b = x.size(0), n = x.size(1), width = x.size(2);
    const auto qkv = torch::linear(x, in_proj_weight, in_proj_bias)
                         .view({ b, n, 3, heads_, width / heads_ })
                         .permute({ 2, 0, 3, 1, 4 }); // (3, b, h, n, d)
    const auto q = qkv[0] / std::sqrt(static_cast<double>(width / heads_));
    auto logits = q.matmul(qkv[1].transpose(-2, -1)); // (b, h, n, n)
    if (causal_)
        logits = logits.masked_fill(torch::ones({ n, n }, logits.options().dtype(torch::kBool)).triu(1),
                                    -std::numeric_limits<float>::infinity());
    const auto attn = torch::softmax(logits, -1, torch::kFloat32).to(x.scalar_type());
    return out_proj(attn.matmul(qkv[2]).transpose(1, 2).flatten(-2)); // (b, n, width)
}

ResidualAttentionBlockImpl::ResidualAttentionBlockImpl(const ResidualAttentionOptions& o)
    : quick_gelu_(o.quick_gelu)
    , ln_1(register_module("ln_1", layer_norm(o.width)))
    , ln_2(register_module("ln_2", layer_norm(o.width)))
    , attn(register_module("attn", SelfAttention(o)))
{
    const auto hidden = static_cast<std::int64_t>(static_cast<double>(o.width) * o.mlp_ratio);
    auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
    c_fc = mlp->register_module("c_fc", torch::nn::Linear(o.width, hidden));
    c_proj = mlp->register_module("c_proj", torch::nn::Linear(hidden, o.width));
    if (!o.ls_init_value)
        return;
    const auto layer_scale = [&](const char* name) {
        return register_module(name, std::make_shared<torch::nn::Module>())
            ->register_parameter("gamma", torch::full({ o.width }, *o.ls_init_value));
    };
    scale_1 = layer_scale("ls_1");
    scale_2 = layer_scale("ls_2");
}

Tensor ResidualAttentionBlockImpl::forward(const Tensor& input)
{
    const auto x = input + scaled(attn(ln_1(input)), scale_1);
    const auto hidden = c_fc(ln_2(x));
    const auto active = quick_gelu_ ? hidden * torch::sigmoid(1.702 * hidden) : torch::gelu(hidden);
    return x + scaled(c_proj(active), scale_2);
}

ResidualAttentionTransformerImpl::ResidualAttentionTransformerImpl(const ResidualAttentionOptions& o)
{
    auto resblocks = register_module("resblocks", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < o.layers; ++i) {
        blocks_.emplace_back(o);
        resblocks->push_back(blocks_.back());
    }
}

Tensor ResidualAttentionTransformerImpl::forward(const Tensor& input)
{
    auto x = input;
    for (auto& block : blocks_)
        x = block(x);
    return x;
}

} // namespace reverie
