// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

namespace reverie {

using torch::Tensor;

/// VGG-16's sizes (Simonyan & Zisserman 2014, configuration D).
struct VggOptions {
    std::vector<std::vector<std::int64_t>> stages
        = { { 64, 64 }, { 128, 128 }, { 256, 256, 256 }, { 512, 512, 512 }, { 512, 512, 512 } };
    std::int64_t pooled = 7; ///< side of the map that the linear layers see
    std::int64_t hidden = 4096;
};

/// VGG without its last layer, as a measure of how alike two pictures look. Its names are torchvision's
/// (features.*, classifier.*).
class VggImpl : public torch::nn::Module
{
public:
    explicit VggImpl(const VggOptions& options = {});
    Tensor forward(const Tensor& image); // (b, 3, h, w), or (b, 1, h, w) for grey -> (b, hidden)

private:
    std::int64_t pooled_;
    torch::nn::Sequential features;
    torch::nn::Linear hidden1{ nullptr }, hidden2{ nullptr };
};
TORCH_MODULE(Vgg);

} // namespace reverie
