// SPDX-License-Identifier: MIT
#include "core/diffusion/noise_schedule.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <cmath>
#include <numbers>

namespace reverie {

namespace {

const auto doubles = torch::TensorOptions(torch::kFloat64); // NOLINT(cert-err58-cpp): a plain value

/// Nichol & Dhariwal 2021, eq. 17.
Tensor cosine_betas(std::int64_t steps)
{
    const double s = 0.008;
    const auto x = torch::linspace(0, static_cast<double>(steps), steps + 1, doubles);
    auto f = torch::cos((x / static_cast<double>(steps) + s) / (1 + s) * std::numbers::pi * 0.5).square();
    f = f / f[0];
    return (1 - f.slice(0, 1) / f.slice(0, 0, -1)).clamp(0, 0.999);
}

/// The linear, quadratic and sigmoid schedules span these, scaled so that fewer steps reach the same noise.
struct Span {
    double start, end;
    explicit Span(std::int64_t steps)
        : start(1000. / static_cast<double>(steps) * 0.0001)
        , end(1000. / static_cast<double>(steps) * 0.02)
    {
    }
};

Tensor betas_of(const std::string& schedule, std::int64_t steps)
{
    const Span span(steps);
    if (schedule == "cosine")
        return cosine_betas(steps);
    if (schedule == "linear")
        return torch::linspace(span.start, span.end, steps, doubles);
    if (schedule == "quadratic")
        return torch::linspace(std::sqrt(span.start), std::sqrt(span.end), steps, doubles).square();
    if (schedule == "sigmoid")
        return torch::sigmoid(torch::linspace(-6, 6, steps, doubles)) * (span.end - span.start) + span.start;
    if (schedule == "jsd")
        return 1.
            / torch::linspace(static_cast<double>(steps), 1, steps, torch::TensorOptions(torch::kFloat32));
    throw UsageError("There is no noise schedule \"" + schedule
                     + "\"; choose cosine, linear, quadratic, jsd or sigmoid.");
}

} // namespace

Tensor extract(const Tensor& values, const Tensor& t, const Tensor& like)
{
    std::vector<std::int64_t> shape(static_cast<std::size_t>(like.dim()), 1);
    shape[0] = t.size(0);
    return values.gather(0, t).reshape(shape);
}

NoiseScheduleImpl::NoiseScheduleImpl(const NoiseScheduleOptions& options)
    : options_(options)
{
    if (options.timesteps < 1)
        throw UsageError("A noise schedule needs at least one timestep.");
    if (options.loss_type != "l1" && options.loss_type != "l2" && options.loss_type != "huber")
        throw UsageError("There is no loss \"" + options.loss_type + "\"; choose l1, l2 or huber.");
    register_tables(betas_of(options.beta_schedule, options.timesteps));
}

NoiseScheduleImpl::NoiseScheduleImpl(const NoiseScheduleOptions& options,
                                     const std::vector<std::int64_t>& kept)
    : options_(options)
{
    const auto cumprod = torch::cumprod(1. - betas_of(options.beta_schedule, options.timesteps), 0)
                             .index_select(0, torch::tensor(kept, torch::kInt64));
    const auto previous = torch::cat({ torch::ones({ 1 }, cumprod.options()), cumprod.slice(0, 0, -1) });
    register_tables(1. - cumprod / previous);
}

void NoiseScheduleImpl::register_tables(const Tensor& beta)
{
    const auto alpha = 1. - beta;
    const auto cumprod = torch::cumprod(alpha, 0);
    const auto previous = torch::cat({ torch::ones({ 1 }, beta.options()), cumprod.slice(0, 0, -1) });
    const auto variance = beta * (1. - previous) / (1. - cumprod);
    const auto buffer = [this](const char* name, const Tensor& value) {
        return register_buffer(name, value.to(torch::kFloat32));
    };
    betas = buffer("betas", beta);
    alphas_cumprod = buffer("alphas_cumprod", cumprod);
    alphas_cumprod_prev = buffer("alphas_cumprod_prev", previous);
    sqrt_alphas_cumprod = buffer("sqrt_alphas_cumprod", cumprod.sqrt());
    sqrt_one_minus_alphas_cumprod = buffer("sqrt_one_minus_alphas_cumprod", (1. - cumprod).sqrt());
    log_one_minus_alphas_cumprod = buffer("log_one_minus_alphas_cumprod", (1. - cumprod).log());
    sqrt_recip_alphas_cumprod = buffer("sqrt_recip_alphas_cumprod", (1. / cumprod).sqrt());
    sqrt_recipm1_alphas_cumprod = buffer("sqrt_recipm1_alphas_cumprod", (1. / cumprod - 1).sqrt());
    posterior_variance = buffer("posterior_variance", variance);
    posterior_log_variance_clipped
        = buffer("posterior_log_variance_clipped", variance.clamp_min(1e-20).log());
    posterior_mean_coef1 = buffer("posterior_mean_coef1", beta * previous.sqrt() / (1. - cumprod));
    posterior_mean_coef2 = buffer("posterior_mean_coef2", (1. - previous) * alpha.sqrt() / (1. - cumprod));
    p2_loss_weight
        = buffer("p2_loss_weight",
                 (options_.p2_loss_weight_k + cumprod / (1 - cumprod)).pow(-options_.p2_loss_weight_gamma));
}

Tensor NoiseScheduleImpl::q_sample(const Tensor& x_start, const Tensor& t, const Tensor& noise) const
{
    return extract(sqrt_alphas_cumprod, t, x_start) * x_start
        + extract(sqrt_one_minus_alphas_cumprod, t, x_start) * noise;
}

Tensor NoiseScheduleImpl::q_sample_from_to(const Tensor& x_from, const Tensor& from_t, const Tensor& to_t,
                                           const Tensor& noise) const
{
    const auto alpha = extract(sqrt_alphas_cumprod, from_t, x_from);
    const auto sigma = extract(sqrt_one_minus_alphas_cumprod, from_t, x_from);
    const auto alpha_next = extract(sqrt_alphas_cumprod, to_t, x_from);
    const auto sigma_next = extract(sqrt_one_minus_alphas_cumprod, to_t, x_from);
    return x_from * (alpha_next / alpha) + noise * (sigma_next * alpha - sigma * alpha_next) / alpha;
}

Posterior NoiseScheduleImpl::q_posterior(const Tensor& x_start, const Tensor& x_t, const Tensor& t) const
{
    return { extract(posterior_mean_coef1, t, x_t) * x_start + extract(posterior_mean_coef2, t, x_t) * x_t,
             extract(posterior_variance, t, x_t), extract(posterior_log_variance_clipped, t, x_t) };
}

Tensor NoiseScheduleImpl::calculate_v(const Tensor& x_start, const Tensor& t, const Tensor& noise) const
{
    return extract(sqrt_alphas_cumprod, t, x_start) * noise
        - extract(sqrt_one_minus_alphas_cumprod, t, x_start) * x_start;
}

Tensor NoiseScheduleImpl::predict_start_from_v(const Tensor& x_t, const Tensor& t, const Tensor& v) const
{
    return extract(sqrt_alphas_cumprod, t, x_t) * x_t - extract(sqrt_one_minus_alphas_cumprod, t, x_t) * v;
}

Tensor NoiseScheduleImpl::predict_start_from_noise(const Tensor& x_t, const Tensor& t,
                                                   const Tensor& noise) const
{
    return extract(sqrt_recip_alphas_cumprod, t, x_t) * x_t
        - extract(sqrt_recipm1_alphas_cumprod, t, x_t) * noise;
}

Tensor NoiseScheduleImpl::predict_noise_from_start(const Tensor& x_t, const Tensor& t,
                                                   const Tensor& x_start) const
{
    return (extract(sqrt_recip_alphas_cumprod, t, x_t) * x_t - x_start)
        / extract(sqrt_recipm1_alphas_cumprod, t, x_t);
}

Tensor NoiseScheduleImpl::elementwise_loss(const Tensor& prediction, const Tensor& target) const
{
    if (options_.loss_type == "l1")
        return (prediction - target).abs();
    if (options_.loss_type == "huber")
        return torch::smooth_l1_loss(prediction, target, torch::Reduction::None);
    return (prediction - target).square();
}

Tensor NoiseScheduleImpl::loss(const Tensor& prediction, const Tensor& target) const
{
    return elementwise_loss(prediction, target).mean();
}

Tensor NoiseScheduleImpl::p2_reweigh_loss(const Tensor& loss, const Tensor& t) const
{
    return has_p2_reweighing() ? loss * extract(p2_loss_weight, t, loss) : loss;
}

} // namespace reverie
