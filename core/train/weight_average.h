// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/safetensors.h"
#include "core/train/training_config.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace reverie {

/// The exponential moving average of weights, by ema-pytorch's rule: nothing is averaged during the first
/// steps, and the decay grows from 0 to ema_beta.
class WeightAverage
{
public:
    WeightAverage(std::vector<at::Tensor> parameters, const PartOptions& options);

    /// After every step of the optimiser.
    void update();
    /// Exchanges the averaged weights with the parameters'; a second call takes it back.
    void swap();

    void save(TensorMap& tensors) const;
    void load(const TensorMap& tensors, std::int64_t steps_done);

private:
    PartOptions options_;
    std::vector<at::Tensor> parameters_, average_;
    std::int64_t steps_ = 0;
};

} // namespace reverie
