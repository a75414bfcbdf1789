// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/options.h"
#include "core/train/training_config.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace reverie {

/// What the reference's DecoderTrainer takes, by its names. A list has one value for each U-Net.
struct DecoderTrainerOptions {
    PerStage<double> lr = 1e-4;
    PerStage<double> wd = 1e-2; ///< weight decay; 0 takes Adam instead of AdamW
    PerStage<double> eps = 1e-8;
    PerStage<std::optional<std::int64_t>> warmup_steps = std::optional<std::int64_t>();
    PerStage<std::optional<std::int64_t>> cosine_decay_max_steps = std::optional<std::int64_t>();
    std::optional<double> max_grad_norm = 0.5; ///< over the gradients of all U-Nets together
    std::vector<double> betas = { 0.9, 0.99 };
    bool group_wd_params = true; ///< vectors (biases, gains) do not decay
    bool filter_by_requires_grad = false; ///< kept for configurations; what does not train never moves
    bool amp = false; ///< likewise: the reference does not use it
    bool use_ema = true;
    double ema_beta = 0.9999;
    double ema_power = 2. / 3;
    double ema_inv_gamma = 1;
    double ema_min_value = 0;
    std::int64_t ema_update_every = 10;
    std::int64_t ema_update_after_step = 100;
    static void visit(auto& self, auto&& field)
    {
        field("lr", self.lr);
        field("wd", self.wd);
        field("eps", self.eps);
        field("warmup_steps", self.warmup_steps);
        field("cosine_decay_max_steps", self.cosine_decay_max_steps);
        field("max_grad_norm", self.max_grad_norm);
        field("betas", self.betas);
        field("group_wd_params", self.group_wd_params);
        field("filter_by_requires_grad", self.filter_by_requires_grad);
        field("amp", self.amp);
        field("use_ema", self.use_ema);
        field("ema_beta", self.ema_beta);
        field("ema_power", self.ema_power);
        field("ema_inv_gamma", self.ema_inv_gamma);
        field("ema_min_value", self.ema_min_value);
        field("ema_update_every", self.ema_update_every);
        field("ema_update_after_step", self.ema_update_after_step);
    }
};

/// The same for the prior, with the reference's other defaults.
struct DiffusionPriorTrainerOptions : DecoderTrainerOptions {
    DiffusionPriorTrainerOptions()
    {
        lr = 3e-4;
        eps = 1e-6;
        max_grad_norm.reset();
    }
};

/// How network `stage` (from 0) is optimised. Throws UsageError for values no optimiser can use.
PartOptions part_options(const DecoderTrainerOptions& options, std::size_t stage);

} // namespace reverie
