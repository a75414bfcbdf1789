// SPDX-License-Identifier: MIT
#include "core/nn/resample.h"

#include "core/nn/resize.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

CrossEmbedLayerImpl::CrossEmbedLayerImpl(std::int64_t dim_in, std::int64_t dim_out,
                                         std::vector<std::int64_t> kernel_sizes, std::int64_t stride)
    : convs(register_module("convs", torch::nn::ModuleList()))
{
    std::sort(kernel_sizes.begin(), kernel_sizes.end());
    auto left = dim_out;
    for (std::size_t i = 0; i < kernel_sizes.size(); ++i) {
        const bool last = i + 1 == kernel_sizes.size();
        const auto dim = last ? left : dim_out >> (i + 1);
        left -= dim;
        convs->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(dim_in, dim, kernel_sizes[i])
                                               .stride(stride)
                                               .padding((kernel_sizes[i] - stride) / 2)));
    }
}

Tensor CrossEmbedLayerImpl::forward(const Tensor& x)
{
    std::vector<Tensor> maps;
    for (const auto& conv : *convs)
        maps.push_back(conv->as<torch::nn::Conv2d>()->forward(x));
    return torch::cat(maps, 1);
}

DownsampleImpl::DownsampleImpl(std::int64_t dim, std::int64_t dim_out)
    : conv(register_module("1", torch::nn::Conv2d(torch::nn::Conv2dOptions(dim * 4, dim_out, 1))))
{
}

Tensor DownsampleImpl::forward(const Tensor& x)
{
    return conv(torch::pixel_unshuffle(x, 2));
}

PixelShuffleUpsampleImpl::PixelShuffleUpsampleImpl(std::int64_t dim, std::int64_t dim_out)
{
    torch::nn::Conv2d conv(torch::nn::Conv2dOptions(dim, dim_out * 4, 1));
    torch::NoGradGuard no_grad;
    const auto weight = torch::empty({ dim_out, dim, 1, 1 });
    torch::nn::init::kaiming_uniform_(weight);
    conv->weight.copy_(weight.repeat_interleave(4, 0));
    conv->bias.zero_();
    net = register_module("net",
                          torch::nn::Sequential(conv, torch::nn::SiLU(),
                                                torch::nn::PixelShuffle(torch::nn::PixelShuffleOptions(2))));
}

Tensor PixelShuffleUpsampleImpl::forward(const Tensor& x)
{
    return net->forward(x);
}

NearestUpsampleImpl::NearestUpsampleImpl(std::int64_t dim, std::int64_t dim_out)
    : conv(register_module("1", torch::nn::Conv2d(torch::nn::Conv2dOptions(dim, dim_out, 3).padding(1))))
{
}

Tensor NearestUpsampleImpl::forward(const Tensor& x)
{
    return conv(torch::upsample_nearest2d(x, std::vector<std::int64_t>{ x.size(2) * 2, x.size(3) * 2 }));
}

UpsampleCombinerImpl::UpsampleCombinerImpl(std::int64_t dim, const std::vector<std::int64_t>& dim_ins)
    : fmap_convs(register_module("fmap_convs", torch::nn::ModuleList()))
{
    for (const auto dim_in : dim_ins)
        fmap_convs->push_back(Block(dim_in, dim, /*groups=*/8));
}

Tensor UpsampleCombinerImpl::forward(const Tensor& x, const std::vector<Tensor>& fmaps)
{
    std::vector<Tensor> maps{ x };
    for (std::size_t i = 0; i < fmaps.size(); ++i)
        maps.push_back(fmap_convs[i]->as<Block>()->forward(resize_cubic(fmaps[i], x.size(-1))));
    return torch::cat(maps, 1);
}

} // namespace reverie
