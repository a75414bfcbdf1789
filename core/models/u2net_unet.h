// SPDX-License-Identifier: MIT
#pragma once

#include "core/nn/resnet.h"

#include <torch/nn/modules/container/modulelist.h>

namespace reverie {

/// A small U-Net without conditions, (b, dim, h, w) -> the same; h and w must be multiples of 2^depth.
class NestedUnetImpl : public torch::nn::Module
{
public:
    NestedUnetImpl(std::int64_t dim, std::int64_t depth, std::int64_t groups,
                   bool weight_standardization = false);
    Tensor forward(const Tensor& x);

private:
    torch::nn::ModuleList downs, ups;
};
TORCH_MODULE(NestedUnet);

/// Channels inside a nested U-Net: half of dim, rounded down to whole groups.
std::int64_t nested_dim(std::int64_t dim, std::int64_t groups);

/// A resnet block that ends in h + U(h), the residual U-block of U^2-Net (Qin et al. 2020), so that each
/// resolution of the outer U-Net also sees what lies below it. Experimental.
class NestedResnetBlockImpl : public ResnetBlockImpl
{
public:
    NestedResnetBlockImpl(const ResnetBlockOptions& options, std::int64_t depth);

protected:
    Tensor second_half(const Tensor& h) override;

private:
    NestedUnet nested{ nullptr };
};

ResnetBlock nested_resnet_block(const ResnetBlockOptions& options, std::int64_t depth);

} // namespace reverie
