// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

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

} // namespace reverie
