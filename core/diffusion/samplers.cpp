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

/// x_t to x_t_next by `step`; when inpainting, several times over. The last step of a chain is not noised
/// back.
template <class Step>
Tensor stepped(Tensor x, const TimePair& pair, bool last, const Repaint* repaint, const std::stop_token& stop,
               Step step)
{
    if (!repaint)
        return step(x);
    for (auto again = repaint->resample_times() - 1;; --again) {
        x = step(repaint->with_known(x, pair.t));
        if (again == 0 || stop.stop_requested())
            return x;
        if (!last)
            x = repaint->noised_back(x, pair.t_next, pair.t);
    }
}

Tensor pasted(const Tensor& x_start, const Repaint* repaint)
{
    return repaint ? repaint->pasted(x_start) : x_start;
}

} // namespace

Tensor sample_ddpm(const Denoise& denoise, Tensor x, const NoiseScheduleImpl& schedule, Noise& noise,
                   const OnStep& on_step, const std::stop_token& stop, const Repaint* repaint,
                   std::optional<std::int64_t> last_steps)
{
    const auto steps = last_steps.value_or(schedule.num_timesteps());
    Tensor x_start;
    for (auto t = steps - 1; t >= 0; --t) {
        if (stop.stop_requested())
            return pasted(x_start.defined() ? x_start : x, repaint);
        x = stepped(x, { t, t - 1 }, t == 0, repaint, stop, [&](const Tensor& x_t) {
            const auto times = everywhere(t, x_t);
            const auto estimate = denoise(x_t, times, x_start);
            x_start = estimate.x_start;
            const auto posterior = schedule.q_posterior(x_start, x_t, times);
            const auto log_variance
                = estimate.log_variance.defined() ? estimate.log_variance : posterior.log_variance;
            const auto fresh = noise.normal(x_t.sizes()).to(x_t.options());
            return t > 0 ? posterior.mean + (0.5 * log_variance).exp() * fresh : posterior.mean;
        });
        if (on_step)
            on_step(steps - t, steps, pasted(x_start, repaint));
    }
    return pasted(x, repaint);
}

Tensor sample_ddim(const Denoise& denoise, Tensor x, const Tensor& alphas, const std::vector<TimePair>& times,
                   double eta, Noise& noise, const OnStep& on_step, const std::stop_token& stop,
                   const Repaint* repaint)
{
    const auto steps = static_cast<std::int64_t>(times.size());
    Tensor x_start;
    for (std::int64_t i = 0; i < steps; ++i) {
        if (stop.stop_requested())
            return pasted(x_start.defined() ? x_start : x, repaint);
        const auto pair = times[static_cast<std::size_t>(i)];
        const auto [t, t_next] = pair;
        x = stepped(x, pair, t_next <= 0, repaint, stop, [&, t = t, t_next = t_next](const Tensor& x_t) {
            const auto estimate = denoise(x_t, everywhere(t, x_t), x_start);
            x_start = estimate.x_start;
            if (t_next < 0)
                return x_start;
            const auto alpha = alphas[t], alpha_next = alphas[t_next];
            const auto sigma = eta * ((1 - alpha / alpha_next) * (1 - alpha_next) / (1 - alpha)).sqrt();
            const auto direction = ((1 - alpha_next) - sigma.square()).sqrt();
            const auto next = x_start * alpha_next.sqrt() + direction * estimate.pred_noise;
            return t_next > 0 ? next + sigma * noise.normal(x_t.sizes()).to(x_t.options()) : next;
        });
        if (on_step)
            on_step(i + 1, steps, pasted(x_start, repaint));
    }
    return pasted(x, repaint);
}

Tensor sample_dpmpp(const Denoise& denoise, Tensor x, const Tensor& alphas,
                    const std::vector<TimePair>& times, const OnStep& on_step, const std::stop_token& stop,
                    const Repaint* repaint)
{
    const auto steps = static_cast<std::int64_t>(times.size());
    // lambda = log(alpha / sigma), half the log signal-to-noise ratio.
    const auto lambda = [&](std::int64_t t) { return 0.5 * torch::log(alphas[t] / (1 - alphas[t])); };
    Tensor x_start, previous_x_start, previous_h;
    for (std::int64_t i = 0; i < steps; ++i) {
        if (stop.stop_requested())
            return pasted(x_start.defined() ? x_start : x, repaint);
        const auto pair = times[static_cast<std::size_t>(i)];
        const auto [t, t_next] = pair;
        const bool last = i + 1 == steps || t_next < 0;
        const auto h = last ? Tensor() : lambda(t_next) - lambda(t);
        x = stepped(x, pair, last, repaint, stop, [&, t = t, t_next = t_next](const Tensor& x_t) {
            x_start = denoise(x_t, everywhere(t, x_t), x_start).x_start;
            if (last)
                return x_start;
            auto d = x_start;
            if (previous_x_start.defined()) {
                const auto r = previous_h / h;
                d = x_start + (x_start - previous_x_start) / (2 * r);
            }
            return ((1 - alphas[t_next]) / (1 - alphas[t])).sqrt() * x_t
                - alphas[t_next].sqrt() * torch::expm1(-h) * d;
        });
        previous_x_start = x_start;
        previous_h = h;
        if (on_step)
            on_step(i + 1, steps, pasted(x_start, repaint));
    }
    return pasted(x, repaint);
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
