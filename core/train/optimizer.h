// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/safetensors.h"
#include "core/train/training_config.h"

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <vector>

namespace reverie {

/// Parameters of the module that train, each once: modules may share them.
std::vector<at::Tensor> trained_parameters(const torch::nn::Module& module);

/// Scales all gradients by one factor so that their common norm is at most `max_norm` (0: leaves them).
/// Returns the norm before: (). Parameters without a gradient count as 0.
at::Tensor clip_gradients(const std::vector<at::Tensor>& parameters, double max_norm);

/// Adam (Kingma & Ba 2015), or with weight decay AdamW (Loshchilov & Hutter 2019), over all tensors at once.
/// A parameter takes part from its first gradient on. The moments are plain tensors, so that a checkpoint can
/// hold them.
class Optimizer
{
public:
    Optimizer(std::vector<at::Tensor> parameters, const PartOptions& options);

    /// One step along the gradients, which are zero afterwards.
    void step(double lr);
    /// Decay, betas and eps from here on.
    void set_options(const PartOptions& options) { options_ = options; }
    /// Moves the moments to where the parameters lie.
    void follow_parameters();

    void save(TensorMap& tensors) const;
    void load(const TensorMap& tensors, std::int64_t steps_done);

private:
    [[nodiscard]] bool decays(const at::Tensor& parameter) const;

    PartOptions options_;
    std::vector<at::Tensor> parameters_, mean_, square_;
    std::vector<std::int64_t> steps_; ///< by parameter, since its first gradient
};

/// The learning rate of step `step`, counted from 0: the schedule, dampened while it warms up.
double learning_rate(const PartOptions& options, std::int64_t step);

/// Names of what an optimiser or an average keeps for parameter i: "adam.mean.3".
std::string slot(const char* what, std::size_t i);

/// The tensor of that name, in the shape of `like`. Throws Error if a checkpoint has none.
const at::Tensor& find_slot(const TensorMap& tensors, const std::string& name, const at::Tensor& like);

} // namespace reverie
