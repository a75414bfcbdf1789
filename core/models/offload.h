// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>

#include <vector>

namespace reverie {

/// A module's parameters and buffers elsewhere for as long as this lives: on another device, and in another
/// dtype if `where` names one. They stay the same tensors, so optimisers and other modules that hold them
/// need not know. Where nothing is to be done, nothing is.
class OnDevice
{
public:
    enum class Weights {
        Kept, ///< what rests is still valid; nothing is copied back
        Trained, ///< new values are copied back
    };
    OnDevice(torch::nn::Module& module, const torch::TensorOptions& where, Weights weights);
    ~OnDevice(); ///< drops gradients of what it moves back
    OnDevice(const OnDevice&) = delete;
    OnDevice& operator=(const OnDevice&) = delete;

private:
    struct Moved {
        torch::Tensor used, resting;
    };
    std::vector<Moved> moved_;
    Weights weights_;
};

} // namespace reverie
