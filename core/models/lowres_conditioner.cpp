// SPDX-License-Identifier: MIT
#include "core/models/lowres_conditioner.h"

#include "core/nn/resize.h"

#include <torch/torch.h>

namespace reverie {

namespace {

/// Separable Gaussian over (b, c, h, w); the border is mirrored.
Tensor gaussian_blur(const Tensor& image, std::int64_t kernel_size, double sigma)
{
    auto x = torch::arange(kernel_size, image.options()) - static_cast<double>(kernel_size / 2);
    if (kernel_size % 2 == 0)
        x = x + 0.5;
    auto kernel = (-x.square() / (2 * sigma * sigma)).exp();
    kernel = kernel / kernel.sum();
    const auto channels = image.size(1), before = (kernel_size - 1) / 2, after = kernel_size - 1 - before;
    const auto padded = torch::reflection_pad2d(image, { before, after, before, after });
    const auto rows = kernel.view({ 1, 1, -1, 1 }).repeat({ channels, 1, 1, 1 });
    const auto columns = kernel.view({ 1, 1, 1, -1 }).repeat({ channels, 1, 1, 1 });
    const auto convolved = [&](const Tensor& input, const Tensor& weight) {
        return torch::conv2d(input, weight, /*bias=*/Tensor(), /*stride=*/1, /*padding=*/at::IntArrayRef{ 0 },
                             /*dilation=*/1, channels);
    };
    return convolved(convolved(padded, rows), columns);
}

template <class T, class Draw>
T one_of(const std::vector<T>& given, const std::vector<T>& fallback, Draw draw)
{
    const auto& values = given.empty() ? fallback : given;
    return values.size() == 1 ? values[0] : draw(values[0], values[1]);
}

} // namespace

LowresConditionerImpl::LowresConditionerImpl(const LowresConditionerOptions& options)
    : options_(options)
{
    if (options.use_noise)
        noise_scheduler = register_module("noise_scheduler",
                                          NoiseSchedule(NoiseScheduleOptions{ .beta_schedule = "linear" }));
}

LowresConditionerImpl::Result LowresConditionerImpl::noise_image(const Tensor& image,
                                                                 const Tensor& noise_level, Noise& noise)
{
    const auto x = options_.normalized_noise ? image * 2 - 1 : image;
    const auto noised = noise_scheduler->q_sample(x, noise_level, noise.normal(x.sizes()).to(x.options()));
    return { options_.normalized_noise ? (noised + 1) * 0.5 : noised, noise_level };
}

LowresConditionerImpl::Result LowresConditionerImpl::forward(const Tensor& image, const Call& call,
                                                             Noise& noise)
{
    auto x = image;
    if (options_.downsample_first && call.downsample_image_size)
        x = resize_nearest(x, *call.downsample_image_size, options_.input_image_range);
    if (options_.use_blur && call.should_blur && noise.coin() < options_.blur_prob) {
        const auto sigma = one_of(call.blur_sigma, options_.blur_sigma,
                                  [&](double low, double high) { return noise.between(low, high); });
        const auto kernel_size
            = one_of(call.blur_kernel_size, options_.blur_kernel_size,
                     [&](std::int64_t low, std::int64_t high) { return noise.pick(low, high + 1); });
        x = gaussian_blur(x, kernel_size, sigma);
    }
    x = resize_nearest(x, call.target_image_size, options_.input_image_range);
    if (!options_.use_noise)
        return { x, {} };
    const auto level = noise.integers(noise_scheduler->num_timesteps(), x.size(0)).to(x.device());
    return noise_image(x, level, noise);
}

} // namespace reverie
