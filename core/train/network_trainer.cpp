// SPDX-License-Identifier: MIT
#include "core/train/network_trainer.h"

#include "core/base/error.h"
#include "core/io/state_dict.h"

#include <torch/torch.h>

namespace reverie {

namespace {

std::vector<Tensor> averaged_tensors(const TensorMap& state)
{
    std::vector<Tensor> tensors;
    for (const auto& [name, tensor] : state)
        if (tensor.is_floating_point())
            tensors.push_back(tensor);
    return tensors;
}

} // namespace

PartOptions part_options(const DecoderTrainerOptions& options, std::size_t stage)
{
    PartOptions part;
    part.lr = options.lr.at(stage);
    part.wd = options.wd.at(stage);
    part.eps = options.eps.at(stage);
    part.warmup_steps = options.warmup_steps.at(stage).value_or(0);
    if (const auto decay = options.cosine_decay_max_steps.at(stage)) {
        part.schedule = "cosine";
        part.decay_steps = *decay;
    }
    if (options.betas.size() != 2)
        throw UsageError("The option betas needs two values, not " + std::to_string(options.betas.size())
                         + ".");
    part.beta1 = options.betas[0];
    part.beta2 = options.betas[1];
    part.group_wd_params = options.group_wd_params;
    part.ema_beta = options.ema_beta;
    part.ema_power = options.ema_power;
    part.ema_inv_gamma = options.ema_inv_gamma;
    part.ema_min_value = options.ema_min_value;
    part.ema_update_every = options.ema_update_every;
    part.ema_update_after_step = options.ema_update_after_step;
    if (part.warmup_steps < 0 || part.decay_steps < 0 || part.ema_update_every < 1)
        throw UsageError("The options warmup_steps, cosine_decay_max_steps and ema_update_every must be at "
                         "least 1 where they are given.");
    return part;
}

NetworkTrainer::NetworkTrainer(const torch::nn::Module& module, const PartOptions& options, bool use_ema)
    : options_(options)
    , state_(state_dict(module))
    , optimizer_(trained_parameters(module), options)
{
    if (use_ema)
        average_.emplace(averaged_tensors(state_), options);
}

void NetworkTrainer::update()
{
    optimizer_.step(learning_rate(options_, steps_));
    if (average_)
        average_->update();
    ++steps_;
}

TensorMap NetworkTrainer::averaged() const
{
    auto tensors = state_;
    if (!average_)
        return tensors;
    std::size_t next = 0;
    for (auto& [name, tensor] : tensors)
        if (tensor.is_floating_point())
            tensor = average_->values()[next++];
    return tensors;
}

void NetworkTrainer::swap()
{
    if (average_)
        average_->swap();
}

} // namespace reverie
