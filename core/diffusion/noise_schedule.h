// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <string>
#include <vector>

namespace reverie {

using torch::Tensor;

struct NoiseScheduleOptions {
    std::string beta_schedule = "cosine"; ///< cosine | linear | quadratic | jsd | sigmoid
    std::int64_t timesteps = 1000; ///< T
    std::string loss_type = "l2"; ///< l1 | l2 | huber (smooth L1 with beta 1)
    double p2_loss_weight_gamma = 0; ///< P2 weighting (Choi et al. 2022); 0 is none
    double p2_loss_weight_k = 1;
    static void visit(auto& self, auto&& field)
    {
        field("beta_schedule", self.beta_schedule);
        field("timesteps", self.timesteps);
        field("loss_type", self.loss_type);
        field("p2_loss_weight_gamma", self.p2_loss_weight_gamma);
        field("p2_loss_weight_k", self.p2_loss_weight_k);
    }
};

struct Posterior {
    Tensor mean; ///< (b, ...)
    Tensor variance; ///< (b, 1, ...)
    Tensor log_variance; ///< (b, 1, ...), clipped at log(1e-20)
};

/// The forward process q of DDPM (Ho et al. 2020) and what follows from it in closed form. Times are int64
/// (b), 0 .. T-1; x is (b, ...). Its buffers have the reference's names and are float32 (T).
class NoiseScheduleImpl : public torch::nn::Module
{
public:
    explicit NoiseScheduleImpl(const NoiseScheduleOptions& options = {});
    /// A chain over some of the steps only, ascending: the same noise at them, other betas between them
    /// (Nichol & Dhariwal 2021, eq. 19).
    NoiseScheduleImpl(const NoiseScheduleOptions& options, const std::vector<std::int64_t>& kept);

    [[nodiscard]] std::int64_t num_timesteps() const { return betas.size(0); }
    [[nodiscard]] const NoiseScheduleOptions& options() const { return options_; }

    Tensor q_sample(const Tensor& x_start, const Tensor& t, const Tensor& noise) const; ///< eq. 4
    Tensor q_sample_from_to(const Tensor& x_from, const Tensor& from_t, const Tensor& to_t,
                            const Tensor& noise) const; ///< q(x_to | x_from), to > from
    Posterior q_posterior(const Tensor& x_start, const Tensor& x_t, const Tensor& t) const; ///< eq. 7
    Tensor calculate_v(const Tensor& x_start, const Tensor& t, const Tensor& noise) const;
    Tensor predict_start_from_v(const Tensor& x_t, const Tensor& t, const Tensor& v) const;
    Tensor predict_start_from_noise(const Tensor& x_t, const Tensor& t, const Tensor& noise) const;
    Tensor predict_noise_from_start(const Tensor& x_t, const Tensor& t, const Tensor& x_start) const;

    Tensor loss(const Tensor& prediction, const Tensor& target) const; ///< mean over everything: ()
    Tensor elementwise_loss(const Tensor& prediction, const Tensor& target) const;
    Tensor p2_reweigh_loss(const Tensor& loss, const Tensor& t) const; ///< (b) -> (b)
    [[nodiscard]] bool has_p2_reweighing() const { return options_.p2_loss_weight_gamma > 0; }

    Tensor betas, alphas_cumprod, alphas_cumprod_prev, sqrt_alphas_cumprod, sqrt_one_minus_alphas_cumprod,
        log_one_minus_alphas_cumprod, sqrt_recip_alphas_cumprod, sqrt_recipm1_alphas_cumprod,
        posterior_variance, posterior_log_variance_clipped, posterior_mean_coef1, posterior_mean_coef2,
        p2_loss_weight;

private:
    void register_tables(const Tensor& beta);

    NoiseScheduleOptions options_;
};
TORCH_MODULE(NoiseSchedule);

/// values[t] shaped (b, 1, ..., 1) to go with x.
Tensor extract(const Tensor& values, const Tensor& t, const Tensor& like);

} // namespace reverie
