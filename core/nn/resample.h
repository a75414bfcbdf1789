// SPDX-License-Identifier: MIT
#pragma once

#include "core/nn/resnet.h"

#include <torch/nn/modules/container/any.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

#include <vector>

namespace reverie {

/// Convolutions of several kernel sizes side by side, the smaller ones with more channels
/// (CrossFormer, Wang et al. 2021).
class CrossEmbedLayerImpl : public torch::nn::Module
{
public:
    CrossEmbedLayerImpl(std::int64_t dim_in, std::int64_t dim_out, std::vector<std::int64_t> kernel_sizes,
                        std::int64_t stride);
    Tensor forward(const Tensor& x); // (b, dim_in, h, w) -> (b, dim_out, h / stride, w / stride)

private:
    torch::nn::ModuleList convs;
};
TORCH_MODULE(CrossEmbedLayer);

/// Pixel unshuffle by 2, then a 1x1 convolution.
class DownsampleImpl : public torch::nn::Module
{
public:
    DownsampleImpl(std::int64_t dim, std::int64_t dim_out);
    Tensor forward(const Tensor& x); // (b, dim, h, w) -> (b, dim_out, h/2, w/2)

private:
    torch::nn::Conv2d conv{ nullptr };
};
TORCH_MODULE(Downsample);

/// 1x1 convolution, SiLU, pixel shuffle by 2; starts as nearest-neighbour so that no checkerboard shows.
class PixelShuffleUpsampleImpl : public torch::nn::Module
{
public:
    PixelShuffleUpsampleImpl(std::int64_t dim, std::int64_t dim_out);
    Tensor forward(const Tensor& x); // (b, dim, h, w) -> (b, dim_out, 2h, 2w)

private:
    torch::nn::Sequential net{ nullptr };
};
TORCH_MODULE(PixelShuffleUpsample);

/// Nearest neighbour by 2, then a 3x3 convolution.
class NearestUpsampleImpl : public torch::nn::Module
{
public:
    NearestUpsampleImpl(std::int64_t dim, std::int64_t dim_out);
    Tensor forward(const Tensor& x);

private:
    torch::nn::Conv2d conv{ nullptr };
};
TORCH_MODULE(NearestUpsample);

/// Puts the feature maps of all resolutions, resized, beside the last one.
class UpsampleCombinerImpl : public torch::nn::Module
{
public:
    UpsampleCombinerImpl(std::int64_t dim, const std::vector<std::int64_t>& dim_ins);
    Tensor forward(const Tensor& x, const std::vector<Tensor>& fmaps); // -> (b, dim * (1 + maps), h, w)

private:
    torch::nn::ModuleList fmap_convs;
};
TORCH_MODULE(UpsampleCombiner);

} // namespace reverie
