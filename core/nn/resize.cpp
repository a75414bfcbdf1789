// SPDX-License-Identifier: MIT
#include "core/nn/resize.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

namespace reverie {

namespace {

Tensor cubic(const Tensor& x)
{
    const auto a = x.abs(), a2 = a * a, a3 = a2 * a;
    const auto inner = 1.5 * a3 - 2.5 * a2 + 1.;
    const auto outer = -0.5 * a3 + 2.5 * a2 - 4. * a + 2.;
    return inner * (a <= 1.).to(x.dtype()) + outer * ((a > 1.) & (a <= 2.)).to(x.dtype());
}

/// (out, in): row o holds the weights of the source pixels for output pixel o. Weights are normalised over
/// the whole field of view; the part of it outside the picture is then dropped.
Tensor cubic_weights(std::int64_t in, double scale, const torch::TensorOptions& options)
{
    const auto out = static_cast<std::int64_t>(std::ceil(scale * static_cast<double>(in)));
    const double stretch = std::min(scale, 1.);
    const double support = 4. / stretch;
    const auto eps = static_cast<double>(std::numeric_limits<float>::epsilon());
    const auto center = torch::arange(out, options) / scale + static_cast<double>(in - 1) / 2.
        - static_cast<double>(out - 1) / (2. * scale); // (out)
    const auto left = torch::ceil(center - support / 2. - eps);
    const auto width = static_cast<std::int64_t>(std::ceil(support - eps));
    const auto source = left.unsqueeze(1) + torch::arange(width, options); // (out, width)
    auto weights = stretch * cubic(stretch * (center.unsqueeze(1) - source));
    const auto sum = weights.sum(1, /*keepdim=*/true);
    weights = weights / torch::where(sum == 0, torch::ones_like(sum), sum);
    const auto inside = (source >= 0) & (source < in);
    weights = weights * inside.to(weights.dtype());
    const auto index = source.clamp(0, in - 1).to(torch::kInt64);
    return torch::zeros({ out, in }, options).scatter_add(1, index, weights);
}

Tensor clamped(Tensor image, const std::optional<std::pair<double, double>>& range)
{
    return range ? image.clamp(range->first, range->second) : image;
}

} // namespace

Tensor resize_cubic(const Tensor& image, std::int64_t target_size,
                    std::optional<std::pair<double, double>> clamp_range)
{
    if (image.size(-1) == target_size)
        return clamped(image, clamp_range);
    const double scale = static_cast<double>(target_size) / static_cast<double>(image.size(-1));
    const auto options = image.options().dtype(torch::kFloat32).requires_grad(false);
    const auto rows = cubic_weights(image.size(-2), scale, options),
               columns = cubic_weights(image.size(-1), scale, options);
    return clamped(rows.matmul(image.to(torch::kFloat32)).matmul(columns.t()).to(image.dtype()), clamp_range);
}

Tensor resize_bicubic(const Tensor& image, std::int64_t target_size)
{
    const auto side = std::vector<std::int64_t>{ target_size, target_size };
    return torch::_upsample_bicubic2d_aa(image.to(torch::kFloat32), side, /*align_corners=*/false)
        .to(image.dtype());
}

Tensor resize_area(const Tensor& image, std::int64_t target_size)
{
    if (image.size(-1) % target_size != 0 || image.size(-2) != image.size(-1))
        return resize_nearest(image, target_size);
    return torch::adaptive_avg_pool2d(image, { target_size, target_size });
}

Tensor resize_nearest(const Tensor& image, std::int64_t target_size,
                      std::optional<std::pair<double, double>> clamp_range)
{
    if (image.size(-1) == target_size)
        return clamped(image, clamp_range);
    const auto to = std::vector<std::int64_t>{ target_size, target_size };
    return clamped(torch::upsample_nearest2d(image, to), clamp_range);
}

} // namespace reverie
