// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"
#include "core/diffusion/noise_schedule.h"
#include "core/diffusion/repaint.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace reverie {

/// What a model makes of x_t: its estimate of x_0, the noise that goes with it, and, where the variance is
/// learned, its logarithm.
struct Denoised {
    Tensor x_start;
    Tensor pred_noise;
    Tensor log_variance; ///< undefined: the posterior's own
};

/// x_t (b, ...), t (b), the last x_0 estimate (undefined at the first step) -> Denoised.
using Denoise = std::function<Denoised(const Tensor& x, const Tensor& t, const Tensor& previous_x_start)>;

/// After every step: steps done, steps in all, the x_0 estimate of the step.
using OnStep = std::function<void(std::int64_t step, std::int64_t steps, const Tensor& x_start)>;

// With `repaint` a sampler inpaints: it takes each step as often as that asks for, and its result and the
// estimates it reports have the known part as given.

/// Ancestral sampling over all T steps (Ho et al. 2020, algorithm 2), or only the last `steps` of them.
/// Returns x_0, or the last estimate of it when stopped.
Tensor sample_ddpm(const Denoise& denoise, Tensor x, const NoiseScheduleImpl& schedule, Noise& noise,
                   const OnStep& on_step = {}, const std::stop_token& stop = {},
                   const Repaint* repaint = nullptr, std::optional<std::int64_t> steps = {});

/// One transition of DDIM: from t to t_next, t_next = -1 being x_0 itself.
struct TimePair {
    std::int64_t t, t_next;
};

/// DDIM (Song et al. 2020, eq. 12 with sigma by eq. 16, eta 0 .. 1). `alphas` is the table of cumulative
/// alphas the pairs index.
Tensor sample_ddim(const Denoise& denoise, Tensor x, const Tensor& alphas, const std::vector<TimePair>& times,
                   double eta, Noise& noise, const OnStep& on_step = {}, const std::stop_token& stop = {},
                   const Repaint* repaint = nullptr);

/// DPM-Solver++(2M) (Lu et al. 2022, algorithm 2) over the same pairs. Draws no noise after the first, except
/// for inpainting; a step that is taken again looks back at the step before it, not at its own first try.
Tensor sample_dpmpp(const Denoise& denoise, Tensor x, const Tensor& alphas,
                    const std::vector<TimePair>& times, const OnStep& on_step = {},
                    const std::stop_token& stop = {}, const Repaint* repaint = nullptr);

/// int(linspace(0, T, steps + 2)[:-1]) reversed, in pairs with t > t_next: the decoder's times.
std::vector<TimePair> decoder_ddim_times(std::int64_t num_timesteps, std::int64_t steps);

/// int(linspace(-1, T, steps + 1)[:-1]) reversed, in pairs: the prior's times, ending with t_next = -1.
std::vector<TimePair> prior_ddim_times(std::int64_t num_timesteps, std::int64_t steps);

} // namespace reverie
