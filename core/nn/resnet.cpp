// SPDX-License-Identifier: MIT
#include "core/nn/resnet.h"

#include "core/nn/activation_checkpoint.h"

#include <torch/torch.h>

namespace reverie {

namespace {

/// Weight standardisation (Qiao et al. 2019): each output filter to zero mean and unit variance.
Tensor standardized(const Tensor& weight)
{
    const double eps = weight.scalar_type() == torch::kFloat32 ? 1e-5 : 1e-3;
    const std::vector<std::int64_t> filter{ 1, 2, 3 };
    const auto mean = weight.mean(filter, /*keepdim=*/true);
    const auto var = weight.var(filter, /*unbiased=*/false, /*keepdim=*/true);
    return (weight - mean) * (var + eps).rsqrt();
}

} // namespace

BlockImpl::BlockImpl(std::int64_t dim, std::int64_t dim_out, std::int64_t groups, bool weight_standardization)
    : weight_standardization_(weight_standardization)
    , project(
          register_module("project", torch::nn::Conv2d(torch::nn::Conv2dOptions(dim, dim_out, 3).padding(1))))
    , norm(register_module("norm", torch::nn::GroupNorm(groups, dim_out)))
{
}

Tensor BlockImpl::forward(const Tensor& input, const Tensor& scale_shift)
{
    const auto weight = weight_standardization_ ? standardized(project->weight) : project->weight;
    const auto projected = torch::conv2d(input, weight, project->bias, /*stride=*/1, /*padding=*/1);
    auto x = norm(projected.to(norm->weight.scalar_type())); // autocast leaves its weights alone on the CPU
    if (scale_shift.defined()) {
        const auto parts = scale_shift.unsqueeze(-1).unsqueeze(-1).chunk(2, 1); // (b, dim_out, 1, 1)
        x = torch::addcmul(parts[1], x, parts[0] + 1);
    }
    return torch::silu(x);
}

ResnetBlockImpl::ResnetBlockImpl(const ResnetBlockOptions& o)
    : time_mlp(register_module(
        "time_mlp",
        torch::nn::Sequential(torch::nn::SiLU(), torch::nn::Linear(o.time_cond_dim, o.dim_out * 2))))
{
    if (o.cond_dim > 0)
        cross_attn = register_module(
            "cross_attn",
            CrossAttention(CrossAttentionOptions{
                .dim = o.dim_out, .context_dim = o.cond_dim, .cosine_sim = o.cosine_sim_cross_attn }));
    block1 = register_module("block1", Block(o.dim, o.dim_out, o.groups, o.weight_standardization));
    block2 = register_module("block2", Block(o.dim_out, o.dim_out, o.groups, o.weight_standardization));
    if (o.dim != o.dim_out)
        res_conv
            = register_module("res_conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(o.dim, o.dim_out, 1)));
}

Tensor ResnetBlockImpl::forward(const Tensor& x, const Tensor& time, const Tensor& cond)
{
    auto h = block1(x, time_mlp->forward(time)); // (b, dim_out, h, w)
    if (cross_attn) {
        const auto pixels = h.flatten(2).transpose(1, 2); // (b, h*w, dim_out)
        h = (cross_attn(pixels, cond) + pixels).transpose(1, 2).unflatten(2, { h.size(2), h.size(3) });
    }
    return second_half(h) + (res_conv ? res_conv(x) : x);
}

Tensor ResnetBlockImpl::forward_checkpointed(const Tensor& x, const Tensor& time, const Tensor& cond)
{
    std::vector<Tensor> others;
    for (const auto& parameter : parameters())
        if (parameter.requires_grad())
            others.push_back(parameter);
    if (time.requires_grad())
        others.push_back(time);
    if (cross_attn && cond.requires_grad())
        others.push_back(cond);
    const auto self = std::static_pointer_cast<ResnetBlockImpl>(shared_from_this());
    return checkpointed([self, time, cond](const Tensor& y) { return self->forward(y, time, cond); }, x,
                        others);
}

} // namespace reverie
