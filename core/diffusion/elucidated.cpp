// SPDX-License-Identifier: MIT
#include "core/diffusion/elucidated.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace reverie {

namespace {

Tensor sample_heun(const DenoiseSigma& denoise, Tensor x, const ElucidatedOptions& options,
                   const std::vector<double>& sigmas, bool correct, Noise& noise, const OnStep& on_step,
                   const std::stop_token& stop)
{
    const auto steps = static_cast<std::int64_t>(sigmas.size()) - 1;
    const double most = std::sqrt(2.) - 1;
    Tensor x_start;
    for (std::int64_t i = 0; i < steps && !stop.stop_requested(); ++i) {
        double sigma = sigmas[static_cast<std::size_t>(i)];
        const double next = sigmas[static_cast<std::size_t>(i) + 1];
        const bool churns
            = correct && options.S_churn > 0 && sigma >= options.S_tmin && sigma <= options.S_tmax;
        if (churns) { // increase the noise a little
            const double gamma = std::min(options.S_churn / static_cast<double>(steps), most);
            const double raised = sigma * (1 + gamma);
            const auto fresh = noise.normal(x.sizes()).to(x.options()) * options.S_noise;
            x = x + std::sqrt(raised * raised - sigma * sigma) * fresh;
            sigma = raised;
        }
        x_start = denoise(x, sigma, x_start);
        const auto slope = (x - x_start) / sigma;
        const auto reached = x + (next - sigma) * slope; // Euler
        if (correct && next > 0) { // Heun: the mean of the slopes at both ends
            x_start = denoise(reached, next, x_start);
            x = x + (next - sigma) * 0.5 * (slope + (reached - x_start) / next);
        } else {
            x = reached;
        }
        if (on_step)
            on_step(i + 1, steps, x_start);
    }
    return stop.stop_requested() && x_start.defined() ? x_start : x;
}

Tensor sample_2m(const DenoiseSigma& denoise, Tensor x, const std::vector<double>& sigmas,
                 const OnStep& on_step, const std::stop_token& stop)
{
    const auto steps = static_cast<std::int64_t>(sigmas.size()) - 1;
    Tensor x_start, previous;
    double previous_h = 0;
    for (std::int64_t i = 0; i < steps && !stop.stop_requested(); ++i) {
        const double sigma = sigmas[static_cast<std::size_t>(i)],
                     next = sigmas[static_cast<std::size_t>(i) + 1];
        previous = x_start;
        x_start = denoise(x, sigma, x_start);
        if (next > 0) {
            const double h = std::log(sigma / next);
            const auto d
                = previous.defined() ? x_start + (x_start - previous) * (h / (2 * previous_h)) : x_start;
            x = x * (next / sigma) - std::expm1(-h) * d;
            previous_h = h;
        } else {
            x = x_start;
        }
        if (on_step)
            on_step(i + 1, steps, x_start);
    }
    return stop.stop_requested() && x_start.defined() ? x_start : x;
}

} // namespace

void check(const ElucidatedOptions& o)
{
    const auto require = [](bool holds, const std::string& what, double value, double other) {
        std::ostringstream text;
        text << "An elucidated stage needs " << what << ", not " << value << " and " << other << ".";
        if (!holds)
            throw UsageError(text.str());
    };
    require(o.sigma_min > 0 && o.sigma_min < o.sigma_max, "0 < sigma_min < sigma_max", o.sigma_min,
            o.sigma_max);
    require(o.sigma_data > 0 && o.rho > 0, "sigma_data and rho above 0", o.sigma_data, o.rho);
    require(o.P_std > 0 && o.S_churn >= 0, "P_std above 0 and S_churn at least 0", o.P_std, o.S_churn);
}

Preconditioning precondition(const Tensor& sigma, double sigma_data, const Tensor& like)
{
    std::vector<std::int64_t> shape(static_cast<std::size_t>(like.dim()), 1);
    shape[0] = sigma.size(0);
    const auto s = sigma.to(like.options()).view(shape); // (b, 1, ...)
    const auto total = s.square() + sigma_data * sigma_data; // variance of x
    return { sigma_data * sigma_data / total, s * sigma_data / total.sqrt(), total.rsqrt(),
             sigma.to(like.options()).log() / 4 };
}

Tensor elucidated_loss_weight(const Tensor& sigma, double sigma_data)
{
    return (sigma.square() + sigma_data * sigma_data) / (sigma * sigma_data).square();
}

Tensor draw_sigmas(const ElucidatedOptions& options, std::int64_t batch, Noise& noise)
{
    return (noise.normal({ batch }) * options.P_std + options.P_mean).exp();
}

std::vector<double> sigma_steps(const ElucidatedOptions& options, std::int64_t steps)
{
    const double high = std::pow(options.sigma_max, 1 / options.rho),
                 low = std::pow(options.sigma_min, 1 / options.rho);
    std::vector<double> sigmas;
    for (std::int64_t i = 0; i < steps; ++i) {
        const double share = steps > 1 ? static_cast<double>(i) / static_cast<double>(steps - 1) : 0;
        sigmas.push_back(std::pow(high + share * (low - high), options.rho));
    }
    sigmas.push_back(0);
    return sigmas;
}

Tensor sample_elucidated(const DenoiseSigma& denoise, const Tensor& x, const ElucidatedOptions& options,
                         std::int64_t steps, Sampler sampler, Noise& noise, const OnStep& on_step,
                         const std::stop_token& stop)
{
    const auto sigmas = sigma_steps(options, steps);
    const auto start = x * sigmas.front();
    if (sampler == Sampler::Dpmpp)
        return sample_2m(denoise, start, sigmas, on_step, stop);
    return sample_heun(denoise, start, options, sigmas, sampler != Sampler::Ddim, noise, on_step, stop);
}

} // namespace reverie
