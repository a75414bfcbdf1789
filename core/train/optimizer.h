// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/safetensors.h"
#include "core/train/training_config.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace reverie {

/// Adam, or with weight decay AdamW (Loshchilov & Hutter 2019), over all tensors at once. Its moments are
/// plain tensors, so that a checkpoint can hold them.
class Optimizer
{
public:
    Optimizer(std::vector<at::Tensor> parameters, const PartOptions& options);

    /// Clips the gradients, takes one step, and clears them. Returns their norm before clipping: ().
    at::Tensor step(double lr);

    void save(TensorMap& tensors) const;
    void load(const TensorMap& tensors, std::int64_t steps_done);

private:
    at::Tensor clip_gradients();

    PartOptions options_;
    std::vector<at::Tensor> parameters_, decayed_, mean_, square_;
    std::int64_t steps_ = 0;
};

/// The learning rate of step `step`, counted from 0.
double learning_rate(const PartOptions& options, std::int64_t step);

/// Names of what an optimiser or an average keeps for parameter i: "adam.mean.3".
std::string slot(const char* what, std::size_t i);

} // namespace reverie
