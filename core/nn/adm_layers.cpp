// SPDX-License-Identifier: MIT
#include "core/nn/adm_layers.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

namespace {

using torch::nn::Conv1d, torch::nn::Conv1dOptions, torch::nn::Conv2d, torch::nn::Conv2dOptions,
    torch::nn::GroupNorm, torch::nn::GroupNormOptions, torch::nn::Linear;

/// A last layer that begins as nothing, so that a fresh block passes its input on.
template <class Layer>
Layer zeroed(Layer layer)
{
    const torch::NoGradGuard no_grad;
    for (auto& parameter : layer->parameters())
        parameter.zero_();
    return layer;
}

Conv2d conv3(std::int64_t in, std::int64_t out)
{
    return Conv2d(Conv2dOptions(in, out, 3).padding(1));
}

GroupNorm group_norm(std::int64_t groups, std::int64_t channels)
{
    if (groups < 1 || channels % groups != 0)
        throw UsageError("An ADM U-Net normalises " + std::to_string(channels) + " channels in "
                         + std::to_string(groups) + " groups, which must divide them.");
    return GroupNorm(GroupNormOptions(groups, channels));
}

} // namespace

std::shared_ptr<torch::nn::Module>
module_of(const std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>>& children)
{
    auto parent = std::make_shared<torch::nn::Module>();
    for (const auto& [name, child] : children)
        if (child)
            parent->register_module(name, child);
    return parent;
}

AdmResBlockImpl::AdmResBlockImpl(const AdmResBlockOptions& o)
    : options_(o)
    , norm_in(group_norm(o.groups, o.dim_in))
    , norm_out(group_norm(o.groups, o.dim_out))
    , conv_in(conv3(o.dim_in, o.dim_out))
    , conv_out(zeroed(conv3(o.dim_out, o.dim_out)))
    , embed_to_channels(Linear(o.embed_dim, o.scale_shift ? 2 * o.dim_out : o.dim_out))
{
    register_module("in_layers", module_of({ { "0", norm_in.ptr() }, { "2", conv_in.ptr() } }));
    register_module("emb_layers", module_of({ { "1", embed_to_channels.ptr() } }));
    register_module("out_layers", module_of({ { "0", norm_out.ptr() }, { "3", conv_out.ptr() } }));
    if (o.dim_in != o.dim_out)
        skip_connection = register_module("skip_connection", Conv2d(Conv2dOptions(o.dim_in, o.dim_out, 1)));
}

Tensor AdmResBlockImpl::resampled(const Tensor& x) const
{
    using Resample = AdmResBlockOptions::Resample;
    if (options_.resample == Resample::Down)
        return torch::avg_pool2d(x, 2);
    if (options_.resample == Resample::Up)
        return torch::upsample_nearest2d(x, std::vector<std::int64_t>{ 2 * x.size(2), 2 * x.size(3) });
    return x;
}

Tensor AdmResBlockImpl::forward(const Tensor& x, const Tensor& embed)
{
    auto h
        = conv_in(resampled(torch::silu(norm_in(x.to(norm_in->weight.scalar_type()))))); // (b, dim_out, h, w)
    const auto channels = embed_to_channels(torch::silu(embed)).unsqueeze(-1).unsqueeze(-1);
    if (options_.scale_shift) {
        const auto parts = channels.chunk(2, 1);
        h = norm_out(h.to(norm_out->weight.scalar_type())) * (1 + parts[0]) + parts[1];
    } else {
        h = norm_out((h + channels).to(norm_out->weight.scalar_type()));
    }
    h = conv_out(torch::silu(h));
    const auto passed = resampled(x);
    return (skip_connection ? skip_connection(passed) : passed) + h;
}

AdmAttentionImpl::AdmAttentionImpl(const AdmAttentionOptions& o)
    : heads_(o.dim_head > 0 ? o.dim / o.dim_head : 0)
{
    if (heads_ < 1 || o.dim % o.dim_head != 0)
        throw UsageError("An ADM U-Net attends over " + std::to_string(o.dim) + " channels with heads of "
                         + std::to_string(o.dim_head) + ", which must divide them.");
    norm = register_module("norm", group_norm(o.groups, o.dim));
    qkv = register_module("qkv", Conv1d(Conv1dOptions(o.dim, 3 * o.dim, 1)));
    if (o.token_dim > 0)
        encoder_kv = register_module("encoder_kv", Conv1d(Conv1dOptions(o.token_dim, 2 * o.dim, 1)));
    proj_out = register_module("proj_out", zeroed(Conv1d(Conv1dOptions(o.dim, o.dim, 1))));
}

Tensor AdmAttentionImpl::forward(const Tensor& x, const Tensor& tokens, const Tensor& token_bias)
{
    const auto b = x.size(0), dim = x.size(1), n = x.size(2) * x.size(3);
    // Each head's query, key and value lie together.
    const auto per_head = [&](const Tensor& t, std::int64_t parts) {
        return t.view({ b, heads_, parts * dim / heads_, -1 }).chunk(parts, 2); // (b, heads, d, n) each
    };
    const auto own = per_head(qkv(norm(x.to(norm->weight.scalar_type())).flatten(2)), 3);
    auto k = own[1], v = own[2];
    if (encoder_kv) {
        const auto given = per_head(encoder_kv(tokens), 2);
        k = torch::cat({ given[0], k }, 3);
        v = torch::cat({ given[1], v }, 3);
    }
    const auto scale = 1 / std::sqrt(static_cast<double>(dim / heads_));
    auto weights = (own[0] * scale).transpose(2, 3).matmul(k); // (b, heads, n, m)
    if (encoder_kv && token_bias.defined())
        weights = weights
            + torch::constant_pad_nd(token_bias, { 0, n }).unsqueeze(1).unsqueeze(1).to(weights.dtype());
    const auto attended = v.matmul(weights.softmax(-1).transpose(2, 3)); // (b, heads, d, n)
    return x + proj_out(attended.reshape({ b, dim, n })).view_as(x);
}

Tensor AdmBlock::forward(const Tensor& x, const Tensor& embed, const Tensor& tokens, const Tensor& token_bias)
{
    auto h = first(x, embed);
    if (attention)
        h = attention(h, tokens, token_bias);
    return second ? second(h, embed) : h;
}

std::shared_ptr<torch::nn::Module> AdmBlock::module() const
{
    std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>> children{ { "0", first.ptr() } };
    if (attention)
        children.emplace_back(std::to_string(children.size()), attention.ptr());
    if (second)
        children.emplace_back(std::to_string(children.size()), second.ptr());
    return module_of(children);
}

} // namespace reverie
