// SPDX-License-Identifier: MIT
#include "core/models/offload.h"

#include <torch/torch.h>

namespace reverie {

OnDevice::OnDevice(torch::nn::Module& module, const torch::TensorOptions& where, Weights weights)
    : weights_(weights)
{
    torch::NoGradGuard no_grad;
    auto tensors = module.parameters();
    for (const auto& buffer : module.buffers())
        tensors.push_back(buffer);
    for (auto& tensor : tensors) {
        const auto device = where.device_opt().value_or(tensor.device());
        const bool converts = where.has_dtype() && tensor.is_floating_point();
        const auto dtype = converts ? where.dtype().toScalarType() : tensor.scalar_type();
        if (tensor.device() == device && tensor.scalar_type() == dtype)
            continue; // also what another name has moved already
        auto resting = tensor.detach();
        tensor.set_data(resting.to(device, dtype));
        moved_.push_back({ tensor, resting });
    }
}

OnDevice::~OnDevice()
{
    torch::NoGradGuard no_grad;
    for (auto& [used, resting] : moved_) {
        if (weights_ == Weights::Trained)
            resting.copy_(used);
        used.mutable_grad() = torch::Tensor();
        used.set_data(resting);
    }
}

} // namespace reverie
