// SPDX-License-Identifier: MIT
#include "core/models/u2net_unet.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

std::int64_t nested_dim(std::int64_t dim, std::int64_t groups)
{
    return std::max(dim / 2 / groups, std::int64_t(1)) * groups;
}

NestedUnetImpl::NestedUnetImpl(std::int64_t dim, std::int64_t depth, std::int64_t groups,
                               bool weight_standardization)
    : downs(register_module("downs", torch::nn::ModuleList()))
    , ups(register_module("ups", torch::nn::ModuleList()))
{
    const auto inner = nested_dim(dim, groups);
    const auto block
        = [&](std::int64_t in, std::int64_t out) { return Block(in, out, groups, weight_standardization); };
    for (std::int64_t i = 0; i <= depth; ++i)
        downs->push_back(block(i == 0 ? dim : inner, inner));
    for (std::int64_t i = 1; i <= depth; ++i)
        ups->push_back(block(inner * 2, i == depth ? dim : inner));
}

Tensor NestedUnetImpl::forward(const Tensor& x)
{
    std::vector<Tensor> maps;
    for (const auto& down : *downs)
        maps.push_back(down->as<Block>()->forward(
            maps.empty() ? x : torch::max_pool2d(maps.back(), 2))); // (b, inner, ...)
    auto h = maps.back();
    for (const auto& up : *ups) {
        maps.pop_back();
        const auto& skip = maps.back();
        const auto larger
            = torch::upsample_nearest2d(h, std::vector<std::int64_t>{ skip.size(2), skip.size(3) });
        h = up->as<Block>()->forward(torch::cat({ larger, skip }, 1));
    }
    return h; // (b, dim, h, w)
}

NestedResnetBlockImpl::NestedResnetBlockImpl(const ResnetBlockOptions& options, std::int64_t depth)
    : ResnetBlockImpl(options)
    , nested(register_module(
          "nested", NestedUnet(options.dim_out, depth, options.groups, options.weight_standardization)))
{
}

Tensor NestedResnetBlockImpl::second_half(const Tensor& h)
{
    const auto x = block2(h);
    return x + nested(x);
}

ResnetBlock nested_resnet_block(const ResnetBlockOptions& options, std::int64_t depth)
{
    return ResnetBlock(
        std::shared_ptr<ResnetBlockImpl>(std::make_shared<NestedResnetBlockImpl>(options, depth)));
}

} // namespace reverie
