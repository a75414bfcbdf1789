// SPDX-License-Identifier: MIT
#include "core/train/optimizer.h"

#include "core/base/error.h"

#include <ATen/ATen.h>
#include <torch/torch.h>

#include <cmath>
#include <numbers>
#include <set>

namespace reverie {

std::vector<at::Tensor> trained_parameters(const torch::nn::Module& module)
{
    std::set<void*> seen;
    std::vector<at::Tensor> parameters;
    for (const auto& parameter : module.parameters())
        if (parameter.requires_grad() && seen.insert(parameter.unsafeGetTensorImpl()).second)
            parameters.push_back(parameter);
    return parameters;
}

const at::Tensor& find_slot(const TensorMap& tensors, const std::string& name, const at::Tensor& like)
{
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.sizes() != like.sizes())
        throw Error("The checkpoint does not fit the configuration (" + name
                    + "); go on with the configuration it was made with.");
    return found->second;
}

std::string slot(const char* what, std::size_t i)
{
    return std::string(what) + "." + std::to_string(i);
}

at::Tensor clip_gradients(const std::vector<at::Tensor>& parameters, double max_norm)
{
    const torch::NoGradGuard no_grad;
    std::vector<at::Tensor> gradients, norms;
    for (const auto& parameter : parameters) {
        if (!parameter.grad().defined())
            continue;
        gradients.push_back(parameter.grad());
        norms.push_back(parameter.grad().norm());
    }
    if (norms.empty())
        return at::zeros({});
    auto norm = at::stack(norms).norm();
    if (max_norm > 0) {
        const auto factor = (max_norm / (norm + 1e-6)).clamp_max(1);
        for (const auto& gradient : gradients)
            gradient.mul_(factor);
    }
    return norm;
}

Optimizer::Optimizer(std::vector<at::Tensor> parameters, const PartOptions& options)
    : options_(options)
    , parameters_(std::move(parameters))
    , steps_(parameters_.size(), 0)
{
    for (const auto& parameter : parameters_) {
        mean_.push_back(at::zeros_like(parameter));
        square_.push_back(at::zeros_like(parameter));
    }
}

bool Optimizer::decays(const at::Tensor& parameter) const
{
    return options_.wd > 0 && (parameter.dim() >= 2 || !options_.group_wd_params);
}

void Optimizer::step(double lr)
{
    const torch::NoGradGuard no_grad;
    std::vector<at::Tensor> parameters, decayed, gradients, mean, square;
    std::vector<at::Scalar> root_correction, rate;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        auto& parameter = parameters_[i];
        if (!parameter.grad().defined()) {
            if (steps_[i] == 0) // nothing depended on it yet
                continue;
            parameter.mutable_grad() = at::zeros_like(parameter);
        }
        const auto steps = double(++steps_[i]);
        root_correction.emplace_back(std::sqrt(1 - std::pow(options_.beta2, steps)));
        rate.emplace_back(-lr / (1 - std::pow(options_.beta1, steps)));
        parameters.push_back(parameter);
        gradients.push_back(parameter.grad());
        mean.push_back(mean_[i]);
        square.push_back(square_[i]);
        if (decays(parameter))
            decayed.push_back(parameter);
    }
    if (parameters.empty())
        return;
    if (!decayed.empty())
        at::_foreach_mul_(decayed, 1 - lr * options_.wd);
    at::_foreach_mul_(mean, options_.beta1);
    at::_foreach_add_(mean, gradients, 1 - options_.beta1);
    at::_foreach_mul_(square, options_.beta2);
    at::_foreach_addcmul_(square, gradients, gradients, 1 - options_.beta2);
    auto denominator = at::_foreach_sqrt(square);
    at::_foreach_div_(denominator, root_correction);
    at::_foreach_add_(denominator, options_.eps);
    at::_foreach_addcdiv_(parameters, mean, denominator, rate);
    at::_foreach_zero_(gradients);
}

void Optimizer::follow_parameters()
{
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        mean_[i] = mean_[i].to(parameters_[i].device());
        square_[i] = square_[i].to(parameters_[i].device());
    }
}

void Optimizer::save(TensorMap& tensors) const
{
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        tensors[slot("weight", i)] = parameters_[i].detach();
        tensors[slot("adam.mean", i)] = mean_[i];
        tensors[slot("adam.square", i)] = square_[i];
    }
    tensors["adam.steps"] = at::tensor(steps_, at::kLong);
}

void Optimizer::load(const TensorMap& tensors, std::int64_t steps_done)
{
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        parameters_[i].copy_(find_slot(tensors, slot("weight", i), parameters_[i]));
        parameters_[i].mutable_grad() = at::Tensor();
        mean_[i].copy_(find_slot(tensors, slot("adam.mean", i), mean_[i]));
        square_[i].copy_(find_slot(tensors, slot("adam.square", i), square_[i]));
    }
    const auto steps = tensors.find("adam.steps"); // earlier versions kept one count for all
    for (std::size_t i = 0; i < steps_.size(); ++i)
        steps_[i] = steps == tensors.end()
            ? steps_done
            : find_slot(tensors, "adam.steps", at::tensor(steps_, at::kLong))[std::int64_t(i)]
                  .item<std::int64_t>();
}

double learning_rate(const PartOptions& options, std::int64_t step)
{
    const auto span = double(options.decay_steps > 0 ? options.decay_steps : options.steps);
    const double done = double(step) / span;
    double share = 1; // of the way from min_lr up to lr
    if (options.schedule == "cosine")
        share = 0.5 * (1 + std::cos(std::numbers::pi * done));
    else if (options.schedule == "linear")
        share = std::max(1 - done, 0.);
    else if (options.schedule == "step")
        share = std::pow(options.step_factor, std::floor(done));
    double lr = options.min_lr + (options.lr - options.min_lr) * share;
    if (options.warmup_steps > 0)
        lr *= std::min(1., double(step + 1) / double(options.warmup_steps));
    return lr;
}

} // namespace reverie
