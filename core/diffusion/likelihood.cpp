// SPDX-License-Identifier: MIT
#include "core/diffusion/likelihood.h"

#include <torch/torch.h>

#include <cmath>
#include <numbers>

namespace reverie {

Tensor normal_kl(const Tensor& mean1, const Tensor& log_variance1, const Tensor& mean2,
                 const Tensor& log_variance2)
{
    return 0.5
        * (-1.0 + log_variance2 - log_variance1 + torch::exp(log_variance1 - log_variance2)
           + (mean1 - mean2).square() * torch::exp(-log_variance2));
}

Tensor approx_standard_normal_cdf(const Tensor& input)
{
    // Far beyond what tanh can tell from 1; its cube must not overflow, or the gradient is 0 times infinity.
    const auto x = input.clamp(-100, 100);
    return 0.5 * (1.0 + torch::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x.pow(3))));
}

Tensor discretized_gaussian_log_likelihood(const Tensor& x, const Tensor& means, const Tensor& log_scales)
{
    const double half_level = 1. / 255., edge = 0.999, smallest = 1e-12;
    const auto centered = x - means;
    const auto inverse_scale = torch::exp(-log_scales);
    const auto cdf_plus = approx_standard_normal_cdf(inverse_scale * (centered + half_level));
    const auto cdf_minus = approx_standard_normal_cdf(inverse_scale * (centered - half_level));
    const auto log_of = [&](const Tensor& p) { return p.clamp_min(smallest).log(); };
    return torch::where(x < -edge, log_of(cdf_plus),
                        torch::where(x > edge, log_of(1. - cdf_minus), log_of(cdf_plus - cdf_minus)));
}

} // namespace reverie
