// SPDX-License-Identifier: MIT
#include "core/train/optimizer.h"

#include "core/base/error.h"

#include <ATen/ATen.h>
#include <torch/torch.h>

#include <cmath>
#include <numbers>

namespace reverie {

namespace {

/// The tensor of that name, in the shape of `like`.
const at::Tensor& find(const TensorMap& tensors, const std::string& name, const at::Tensor& like)
{
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.sizes() != like.sizes())
        throw Error("The checkpoint does not fit the configuration (" + name
                    + "); go on with the configuration it was made with.");
    return found->second;
}

} // namespace

std::string slot(const char* what, std::size_t i)
{
    return std::string(what) + "." + std::to_string(i);
}

Optimizer::Optimizer(std::vector<at::Tensor> parameters, const PartOptions& options)
    : options_(options)
    , parameters_(std::move(parameters))
{
    for (const auto& parameter : parameters_) {
        mean_.push_back(at::zeros_like(parameter));
        square_.push_back(at::zeros_like(parameter));
        if (options.wd > 0 && (parameter.dim() >= 2 || !options.group_wd_params))
            decayed_.push_back(parameter);
    }
}

at::Tensor Optimizer::clip_gradients()
{
    std::vector<at::Tensor> norms;
    for (const auto& parameter : parameters_)
        norms.push_back(parameter.grad().norm());
    auto norm = at::stack(norms).norm();
    if (options_.max_grad_norm > 0) {
        const auto factor = (options_.max_grad_norm / (norm + 1e-6)).clamp_max(1);
        for (const auto& parameter : parameters_)
            parameter.grad().mul_(factor);
    }
    return norm;
}

at::Tensor Optimizer::step(double lr)
{
    const torch::NoGradGuard no_grad;
    std::vector<at::Tensor> gradients;
    for (auto& parameter : parameters_) {
        if (!parameter.grad().defined()) // a parameter this batch did not use
            parameter.mutable_grad() = at::zeros_like(parameter);
        gradients.push_back(parameter.grad());
    }
    auto norm = clip_gradients();
    ++steps_;
    const double correction1 = 1 - std::pow(options_.beta1, double(steps_));
    const double correction2 = 1 - std::pow(options_.beta2, double(steps_));
    if (!decayed_.empty())
        at::_foreach_mul_(decayed_, 1 - lr * options_.wd);
    at::_foreach_mul_(mean_, options_.beta1);
    at::_foreach_add_(mean_, gradients, 1 - options_.beta1);
    at::_foreach_mul_(square_, options_.beta2);
    at::_foreach_addcmul_(square_, gradients, gradients, 1 - options_.beta2);
    auto denominator = at::_foreach_sqrt(square_);
    at::_foreach_div_(denominator, std::sqrt(correction2));
    at::_foreach_add_(denominator, options_.eps);
    at::_foreach_addcdiv_(parameters_, mean_, denominator, -lr / correction1);
    at::_foreach_zero_(gradients);
    return norm;
}

void Optimizer::save(TensorMap& tensors) const
{
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        tensors[slot("weight", i)] = parameters_[i].detach();
        tensors[slot("adam.mean", i)] = mean_[i];
        tensors[slot("adam.square", i)] = square_[i];
    }
}

void Optimizer::load(const TensorMap& tensors, std::int64_t steps_done)
{
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        parameters_[i].copy_(find(tensors, slot("weight", i), parameters_[i]));
        mean_[i].copy_(find(tensors, slot("adam.mean", i), mean_[i]));
        square_[i].copy_(find(tensors, slot("adam.square", i), square_[i]));
    }
    steps_ = steps_done;
}

double learning_rate(const PartOptions& options, std::int64_t step)
{
    double lr = options.lr;
    if (options.schedule == "cosine")
        lr *= 0.5 * (1 + std::cos(std::numbers::pi * double(step) / double(options.steps)));
    if (options.warmup_steps > 0)
        lr *= std::min(1., double(step + 1) / double(options.warmup_steps));
    return lr;
}

} // namespace reverie
