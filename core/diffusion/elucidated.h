// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/sampler.h"
#include "core/diffusion/elucidated_options.h"
#include "core/diffusion/noise.h"
#include "core/diffusion/samplers.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

namespace reverie {

/// What makes a network F a denoiser: D(x; sigma) = c_skip x + c_out F(c_in x; c_noise), so that F sees and
/// gives values of unit variance (eq. 7 and table 1).
struct Preconditioning {
    Tensor c_skip, c_out, c_in; ///< (b, 1, ...), to go with x
    Tensor c_noise; ///< (b), what F takes for its time
};
Preconditioning precondition(const Tensor& sigma, double sigma_data, const Tensor& like);

/// lambda(sigma) = (sigma^2 + sigma_data^2) / (sigma sigma_data)^2, by which the squared error of D is
/// weighed.
Tensor elucidated_loss_weight(const Tensor& sigma, double sigma_data); // (b) -> (b)

/// The noise levels of a batch in training: (b), on the CPU.
Tensor draw_sigmas(const ElucidatedOptions& options, std::int64_t batch, Noise& noise);

/// sigma_max .. sigma_min in `steps` values (eq. 5), then 0.
std::vector<double> sigma_steps(const ElucidatedOptions& options, std::int64_t steps);

/// x (b, ...), sigma, the last x_0 estimate (undefined at the first step) -> the estimate of x_0.
using DenoiseSigma = std::function<Tensor(const Tensor& x, double sigma, const Tensor& previous_x_start)>;

/// From standard normal x to x_0. `Auto` and `Ddpm` are Heun's method with churn (algorithm 2), `Ddim` is
/// Euler's without, which DDIM is in these terms, and `Dpmpp` is DPM-Solver++(2M). Returns the last estimate
/// when stopped.
Tensor sample_elucidated(const DenoiseSigma& denoise, const Tensor& x, const ElucidatedOptions& options,
                         std::int64_t steps, Sampler sampler, Noise& noise, const OnStep& on_step = {},
                         const std::stop_token& stop = {});

} // namespace reverie
