// SPDX-License-Identifier: MIT
#include "core/models/vgg.h"

#include <torch/torch.h>

namespace reverie {

VggImpl::VggImpl(const VggOptions& options)
    : pooled_(options.pooled)
{
    std::int64_t dim = 3;
    for (const auto& stage : options.stages) {
        for (const auto dim_out : stage) {
            features->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(dim, dim_out, 3).padding(1)));
            features->push_back(torch::nn::ReLU());
            dim = dim_out;
        }
        features->push_back(torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(2).stride(2)));
    }
    register_module("features", features);
    auto classifier = register_module("classifier", std::make_shared<torch::nn::Module>());
    hidden1 = classifier->register_module("0", torch::nn::Linear(dim * pooled_ * pooled_, options.hidden));
    hidden2 = classifier->register_module("3", torch::nn::Linear(options.hidden, options.hidden));
}

Tensor VggImpl::forward(const Tensor& image)
{
    const auto colour = image.size(1) == 1 ? image.expand({ -1, 3, -1, -1 }) : image;
    const auto map = torch::adaptive_avg_pool2d(features->forward(colour), { pooled_, pooled_ });
    return hidden2(hidden1(map.flatten(1)).relu()).relu();
}

} // namespace reverie
