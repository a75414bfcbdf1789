// SPDX-License-Identifier: MIT
#include "core/diffusion/samplers.h"

#include <torch/torch.h>

namespace reverie {

namespace {

Tensor everywhere(std::int64_t t, const Tensor& x)
{
    return torch::full({ x.size(0) }, t, torch::TensorOptions(x.device()).dtype(torch::kInt64));
}

/// int(linspace(low, high, count)) without its last value, descending. Truncation is towards zero.
std::vector<std::int64_t> descending(double low, double high, std::int64_t count)
{
    const auto line = torch::linspace(low, high, count).slice(0, 0, -1).to(torch::kInt64).flip(0);
    return { line.data_ptr<std::int64_t>(), line.data_ptr<std::int64_t>() + line.numel() };
}

} // namespace

Tensor sample_ddpm(const Denoise& denoise, Tensor x, const NoiseScheduleImpl& schedule, Noise& noise,
                   const OnStep& on_step, const std::stop_token& stop)
{
    const auto steps = schedule.num_timesteps();
    Tensor x_start;
    for (auto t = steps - 1; t >= 0; --t) {
        if (stop.stop_requested())
            return x_start.defined() ? x_start : x;
        const auto times = everywhere(t, x);
        const auto estimate = denoise(x, times, x_start);
        x_start = estimate.x_start;
        const auto posterior = schedule.q_posterior(x_start, x, times);
        const auto log_variance
            = estimate.log_variance.defined() ? estimate.log_variance : posterior.log_variance;
        const auto fresh = noise.normal(x.sizes()).to(x.options());
        x = t > 0 ? posterior.mean + (0.5 * log_variance).exp() * fresh : posterior.mean;
        if (on_step)
            on_step(steps - t, steps, x_start);
    }
    return x;
}

Tensor sample_ddim(const Denoise& denoise, Tensor x, const Tensor& alphas, const std::vector<TimePair>& times,
                   double eta, Noise& noise, const OnStep& on_step, const std::stop_token& stop)
{
    const auto steps = static_cast<std::int64_t>(times.size());
    Tensor x_start;
    for (std::int64_t i = 0; i < steps; ++i) {
        if (stop.stop_requested())
            return x_start.defined() ? x_start : x;
        const auto [t, t_next] = times[static_cast<std::size_t>(i)];
        const auto estimate = denoise(x, everywhere(t, x), x_start);
        x_start = estimate.x_start;
        if (t_next < 0) {
            x = x_start;
        } else {
            const auto alpha = alphas[t], alpha_next = alphas[t_next];
            const auto sigma = eta * ((1 - alpha / alpha_next) * (1 - alpha_next) / (1 - alpha)).sqrt();
            const auto direction = ((1 - alpha_next) - sigma.square()).sqrt();
            x = x_start * alpha_next.sqrt() + direction * estimate.pred_noise;
            if (t_next > 0)
                x = x + sigma * noise.normal(x.sizes()).to(x.options());
        }
        if (on_step)
            on_step(i + 1, steps, x_start);
    }
    return x;
}

Tensor sample_dpmpp(const Denoise& denoise, Tensor x, const Tensor& alphas,
                    const std::vector<TimePair>& times, const OnStep& on_step, const std::stop_token& stop)
{
    const auto steps = static_cast<std::int64_t>(times.size());
    // lambda = log(alpha / sigma), half the log signal-to-noise ratio.
    const auto lambda = [&](std::int64_t t) { return 0.5 * torch::log(alphas[t] / (1 - alphas[t])); };
    Tensor x_start, previous_x_start, previous_h;
    for (std::int64_t i = 0; i < steps; ++i) {
        if (stop.stop_requested())
            return x_start.defined() ? x_start : x;
        const auto [t, t_next] = times[static_cast<std::size_t>(i)];
        previous_x_start = x_start;
        x_start = denoise(x, everywhere(t, x), x_start).x_start;
        const bool last = i + 1 == steps;
        if (last || t_next < 0) {
            x = x_start;
        } else {
            const auto h = lambda(t_next) - lambda(t);
            auto d = x_start;
            if (previous_x_start.defined()) {
                const auto r = previous_h / h;
                d = x_start + (x_start - previous_x_start) / (2 * r);
            }
            x = ((1 - alphas[t_next]) / (1 - alphas[t])).sqrt() * x
                - alphas[t_next].sqrt() * torch::expm1(-h) * d;
            previous_h = h;
        }
        if (on_step)
            on_step(i + 1, steps, x_start);
    }
    return x;
}

std::vector<TimePair> decoder_ddim_times(std::int64_t num_timesteps, std::int64_t steps)
{
    const auto times = descending(0, static_cast<double>(num_timesteps), steps + 2);
    std::vector<TimePair> pairs;
    for (std::size_t i = 0; i + 1 < times.size(); ++i)
        if (times[i] > times[i + 1])
            pairs.push_back({ times[i], times[i + 1] });
    return pairs;
}

std::vector<TimePair> prior_ddim_times(std::int64_t num_timesteps, std::int64_t steps)
{
    const auto times = descending(-1, static_cast<double>(num_timesteps), steps + 1);
    std::vector<TimePair> pairs;
    for (std::size_t i = 0; i + 1 < times.size(); ++i)
        pairs.push_back({ times[i], times[i + 1] });
    return pairs;
}

} // namespace reverie
