// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/optimizer.h"
#include "core/train/trainer_options.h"
#include "core/train/weight_average.h"

#include <optional>
#include <string>
#include <vector>

namespace reverie {

/// What moves one network in the reference's trainers: an optimiser under its schedule, and an average of
/// all parameters and buffers that follows.
class NetworkTrainer
{
public:
    NetworkTrainer(const torch::nn::Module& module, const PartOptions& options, bool use_ema);

    /// One step along the gradients, which are zero afterwards.
    void update();
    [[nodiscard]] std::int64_t steps() const { return steps_; }
    /// Null without use_ema.
    [[nodiscard]] const WeightAverage* average() const { return average_ ? &*average_ : nullptr; }
    /// The averaged weights by their names in the state dict; the raw ones without use_ema.
    [[nodiscard]] TensorMap averaged() const;
    /// Exchanges averaged and raw weights.
    void swap();

private:
    PartOptions options_;
    TensorMap state_; ///< of the module, not copied
    Optimizer optimizer_;
    std::optional<WeightAverage> average_;
    std::int64_t steps_ = 0;
};

} // namespace reverie
