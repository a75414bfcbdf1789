// SPDX-License-Identifier: MIT
#include "core/train/weight_average.h"

#include "core/train/optimizer.h"

#include <ATen/ATen.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace reverie {

WeightAverage::WeightAverage(std::vector<at::Tensor> weights, const PartOptions& options)
    : options_(options)
    , weights_(std::move(weights))
{
    for (const auto& weight : weights_)
        average_.push_back(weight.detach().clone());
}

void WeightAverage::update()
{
    const torch::NoGradGuard no_grad;
    const auto step = steps_++;
    if (step % options_.ema_update_every != 0)
        return;
    double decay = 0;
    if (step > options_.ema_update_after_step && averages_) {
        const double updates = double(step - options_.ema_update_after_step) / options_.ema_inv_gamma;
        decay = std::max(1 - std::pow(1 + updates, -options_.ema_power), options_.ema_min_value);
        decay = std::min(decay, options_.ema_beta);
    }
    averages_ = step > options_.ema_update_after_step;
    for (std::size_t i = 0; i < weights_.size(); ++i)
        if (decay > 0)
            average_[i].lerp_(weights_[i], 1 - decay);
        else
            average_[i].copy_(weights_[i]);
}

void WeightAverage::swap()
{
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
        const auto weights = weights_[i].detach().clone();
        weights_[i].copy_(average_[i]);
        average_[i].copy_(weights);
    }
}

void WeightAverage::follow_weights()
{
    for (std::size_t i = 0; i < weights_.size(); ++i)
        average_[i] = average_[i].to(weights_[i].device());
}

void WeightAverage::save(TensorMap& tensors) const
{
    for (std::size_t i = 0; i < average_.size(); ++i)
        tensors[slot("average", i)] = average_[i];
    tensors["average.started"] = at::tensor(averages_ ? 1 : 0, at::kLong);
}

void WeightAverage::load(const TensorMap& tensors, std::int64_t steps_done)
{
    const auto started = tensors.find("average.started"); // earlier versions did not say, and kept no buffers
    const bool earlier = started == tensors.end();
    for (std::size_t i = 0; i < average_.size(); ++i)
        if (!earlier || tensors.contains(slot("average", i)))
            average_[i].copy_(find_slot(tensors, slot("average", i), average_[i]));
    steps_ = steps_done;
    averages_
        = earlier ? steps_done > options_.ema_update_after_step : started->second.item<std::int64_t>() != 0;
}

} // namespace reverie
