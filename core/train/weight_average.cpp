// SPDX-License-Identifier: MIT
#include "core/train/weight_average.h"

#include "core/base/error.h"
#include "core/train/optimizer.h"

#include <ATen/ATen.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace reverie {

WeightAverage::WeightAverage(std::vector<at::Tensor> parameters, const PartOptions& options)
    : options_(options)
    , parameters_(std::move(parameters))
{
    for (const auto& parameter : parameters_)
        average_.push_back(parameter.detach().clone());
}

void WeightAverage::update()
{
    const torch::NoGradGuard no_grad;
    const auto step = steps_++;
    if (step % options_.ema_update_every != 0)
        return;
    const double updates = double(std::max<std::int64_t>(step - options_.ema_update_after_step, 0));
    const double growing = 1 - std::pow(1 + updates / options_.ema_inv_gamma, -options_.ema_power);
    const double decay = updates > 0 ? std::clamp(growing, 0., options_.ema_beta) : 0;
    at::_foreach_mul_(average_, decay);
    at::_foreach_add_(average_, parameters_, 1 - decay);
}

void WeightAverage::swap()
{
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        const auto weights = parameters_[i].detach().clone();
        parameters_[i].copy_(average_[i]);
        average_[i].copy_(weights);
    }
}

void WeightAverage::save(TensorMap& tensors) const
{
    for (std::size_t i = 0; i < average_.size(); ++i)
        tensors[slot("average", i)] = average_[i];
}

void WeightAverage::load(const TensorMap& tensors, std::int64_t steps_done)
{
    for (std::size_t i = 0; i < average_.size(); ++i) {
        const auto found = tensors.find(slot("average", i));
        if (found == tensors.end() || found->second.sizes() != average_[i].sizes())
            throw Error("The checkpoint does not fit the configuration (" + slot("average", i)
                        + "); go on with the configuration it was made with.");
        average_[i].copy_(found->second);
    }
    steps_ = steps_done;
}

} // namespace reverie
