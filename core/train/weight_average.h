// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/safetensors.h"
#include "core/train/training_config.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace reverie {

/// The exponential moving average of weights, by ema-pytorch's rule: the average is a copy until
/// ema_update_after_step and again at the first update behind it; then it moves towards the weights with a
/// decay that grows from ema_min_value to ema_beta.
class WeightAverage
{
public:
    /// Parameters, and buffers that training changes.
    WeightAverage(std::vector<at::Tensor> weights, const PartOptions& options);

    /// After every step of the optimiser.
    void update();
    /// Exchanges the averaged weights with the network's; a second call takes it back.
    void swap();
    /// Rule and bounds of the decay from here on.
    void set_options(const PartOptions& options) { options_ = options; }
    /// Moves the average to where the weights lie.
    void follow_weights();

    [[nodiscard]] const std::vector<at::Tensor>& values() const { return average_; }
    [[nodiscard]] std::int64_t steps() const { return steps_; }
    /// Whether it is more than a copy.
    [[nodiscard]] bool averages() const { return averages_; }

    void save(TensorMap& tensors) const;
    void load(const TensorMap& tensors, std::int64_t steps_done);

private:
    PartOptions options_;
    std::vector<at::Tensor> weights_, average_;
    std::int64_t steps_ = 0;
    bool averages_ = false;
};

} // namespace reverie
