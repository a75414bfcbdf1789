// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/sampler.h"
#include "core/diffusion/noise.h"
#include "core/diffusion/samplers.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

namespace reverie {

/// Diffusion as Karras et al. (2022), "Elucidating the Design Space of Diffusion-Based Generative Models",
/// parameterise it: a picture x_0 is seen as x = x_0 + sigma n, and sigma takes the place of the time.
struct ElucidatedOptions {
    double P_mean = -1.2; ///< training draws ln(sigma) from N(P_mean, P_std^2)
    double P_std = 1.2;
    double sigma_min = 0.002; ///< sampling goes from sigma_max to sigma_min, then to 0
    double sigma_max = 80;
    double sigma_data = 0.5; ///< standard deviation of the data in [-1, 1]
    double rho = 7; ///< the larger, the more steps near sigma_min
    std::int64_t num_sample_steps = 32; ///< 1 .. timesteps; each but the last evaluates the network twice
    double S_churn = 0; ///< fresh noise in sampling; 0: none, and sampling is deterministic
    double S_tmin = 0.05; ///< it is added between these
    double S_tmax = 50;
    double S_noise = 1.003; ///< and is stronger by this factor
    static void visit(auto& self, auto&& field)
    {
        field("P_mean", self.P_mean);
        field("P_std", self.P_std);
        field("sigma_min", self.sigma_min);
        field("sigma_max", self.sigma_max);
        field("sigma_data", self.sigma_data);
        field("rho", self.rho);
        field("num_sample_steps", self.num_sample_steps);
        field("S_churn", self.S_churn);
        field("S_tmin", self.S_tmin);
        field("S_tmax", self.S_tmax);
        field("S_noise", self.S_noise);
    }
};

/// Throws UsageError for values that make no schedule.
void check(const ElucidatedOptions& options);

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
