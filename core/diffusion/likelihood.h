// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

namespace reverie {

using at::Tensor;

/// KL(N(mean1, exp(log_variance1)) || N(mean2, exp(log_variance2))) in nats, elementwise.
Tensor normal_kl(const Tensor& mean1, const Tensor& log_variance1, const Tensor& mean2,
                 const Tensor& log_variance2);

/// The tanh approximation of the standard normal's distribution function (Page 1977).
Tensor approx_standard_normal_cdf(const Tensor& x);

/// log p(x) of pixels in [-1, 1] of 256 levels under a Gaussian, elementwise, in nats
/// (Ho et al. 2020, eq. 13).
Tensor discretized_gaussian_log_likelihood(const Tensor& x, const Tensor& means, const Tensor& log_scales);

} // namespace reverie
