// SPDX-License-Identifier: MIT
#include "core/data/lanczos.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reverie {

namespace {

double sinc(double x)
{
    return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

/// (to, from): row i weighs the pixels that make pixel i.
at::Tensor weights(std::int64_t from, std::int64_t to)
{
    constexpr double lobes = 3;
    const double scale = double(from) / double(to), stretch = std::max(scale, 1.);
    auto matrix = at::zeros({ to, from });
    auto value = matrix.accessor<float, 2>();
    for (std::int64_t i = 0; i < to; ++i) {
        const double center = (double(i) + 0.5) * scale;
        for (std::int64_t j = 0; j < from; ++j) {
            const double x = (double(j) + 0.5 - center) / stretch;
            if (std::abs(x) < lobes)
                value[i][j] = static_cast<float>(sinc(x) * sinc(x / lobes));
        }
    }
    return matrix / matrix.sum(1, /*keepdim=*/true);
}

} // namespace

at::Tensor resize_lanczos(const at::Tensor& pictures, std::int64_t size)
{
    const auto count = pictures.size(0), side = pictures.size(1), channels = pictures.size(3);
    if (side == size)
        return pictures;
    const auto matrix = weights(side, size);
    const auto rows = at::matmul(matrix, pictures.to(at::kFloat).reshape({ count, side, side * channels }))
                          .reshape({ count, size, side, channels });
    return at::matmul(matrix, rows).round().clamp(0, 255).to(at::kByte); // (n, size, size, c)
}

} // namespace reverie
