// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

namespace reverie {

using torch::Tensor;

struct ModifiedResNetOptions {
    std::vector<std::int64_t> layers{ 3, 4, 6, 3 }; ///< blocks of the four stages
    std::int64_t width = 64; ///< channels after the stem; the features have 32 times as many
    std::int64_t heads = 32; ///< of the attention that pools them
    std::int64_t image_size = 224;
    std::int64_t output_dim = 1024;
};

/// ResNet's bottleneck (He et al. 2015), which shrinks by averaging instead of leaving pixels out.
class BottleneckImpl : public torch::nn::Module
{
public:
    BottleneckImpl(std::int64_t in, std::int64_t planes, std::int64_t stride);
    Tensor forward(const Tensor& x); // (b, in, h, w) -> (b, 4 planes, h / stride, w / stride)

private:
    std::int64_t stride_;
    torch::nn::Conv2d conv1{ nullptr }, conv2{ nullptr }, conv3{ nullptr };
    torch::nn::BatchNorm2d bn1{ nullptr }, bn2{ nullptr }, bn3{ nullptr };
    torch::nn::Conv2d shortcut_conv{ nullptr }; ///< where channels or size change
    torch::nn::BatchNorm2d shortcut_norm{ nullptr };
};
TORCH_MODULE(Bottleneck);

/// The mean of all pixels looks at the pixels and itself.
class AttentionPool2dImpl : public torch::nn::Module
{
public:
    AttentionPool2dImpl(std::int64_t side, std::int64_t dim, std::int64_t heads, std::int64_t output_dim);
    Tensor forward(const Tensor& fmap); // (b, dim, side, side) -> (b, output_dim)

private:
    std::int64_t heads_;
    Tensor positional_embedding; ///< (side * side + 1, dim)
    torch::nn::Linear q_proj{ nullptr }, k_proj{ nullptr }, v_proj{ nullptr }, c_proj{ nullptr };
};
TORCH_MODULE(AttentionPool2d);

/// The ResNet of OpenAI's CLIP: three convolutions in the stem, averages before strides, attention at the
/// end.
class ModifiedResNetImpl : public torch::nn::Module
{
public:
    explicit ModifiedResNetImpl(const ModifiedResNetOptions& options);
    Tensor forward(const Tensor& image); // (b, 3, size, size) -> (b, output_dim)

private:
    torch::nn::Conv2d conv1{ nullptr }, conv2{ nullptr }, conv3{ nullptr };
    torch::nn::BatchNorm2d bn1{ nullptr }, bn2{ nullptr }, bn3{ nullptr };
    std::vector<Bottleneck> blocks_;
    AttentionPool2d attnpool{ nullptr };
};
TORCH_MODULE(ModifiedResNet);

} // namespace reverie
