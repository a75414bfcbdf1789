// SPDX-License-Identifier: MIT
#include "core/data/lanczos.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace reverie {

namespace {

double sinc(double x)
{
    return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

constexpr double lobes = 3;

/// (to, from): row i weighs the pixels that make pixel i.
at::Tensor weights(std::int64_t from, std::int64_t to)
{
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

/// The pixels that make one pixel along an axis.
struct Taps {
    int first = 0;
    std::vector<float> weights;
};

/// Taps of each of `to` pixels, for the part from `begin` on of an axis of `count` pixels.
std::vector<Taps> taps(double begin, double length, int count, int to)
{
    const double scale = length / to, stretch = std::max(scale, 1.);
    std::vector<Taps> all(static_cast<std::size_t>(to));
    for (int i = 0; i < to; ++i) {
        const double center = begin + (i + 0.5) * scale;
        auto& [first, weights] = all[static_cast<std::size_t>(i)];
        first = std::clamp(int(std::floor(center - lobes * stretch)), 0, count - 1);
        const int last = std::clamp(int(std::ceil(center + lobes * stretch)), first + 1, count);
        float sum = 0;
        for (int j = first; j < last; ++j) {
            const double x = (j + 0.5 - center) / stretch;
            weights.push_back(std::abs(x) < lobes ? static_cast<float>(sinc(x) * sinc(x / lobes)) : 0);
            sum += weights.back();
        }
        for (auto& weight : weights)
            weight /= sum;
    }
    return all;
}

} // namespace

Image resize_lanczos(const Image& picture, const Box& part, int width, int height)
{
    if (part.left == 0 && part.top == 0 && part.width == picture.width && part.height == picture.height
        && width == picture.width && height == picture.height)
        return picture;
    const auto columns = taps(part.left, part.width, picture.width, width);
    const auto rows = taps(part.top, part.height, picture.height, height);
    const std::size_t from_row = static_cast<std::size_t>(picture.width) * 3;
    Image resized{ width, height, {} };
    resized.rgb.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
    std::vector<float> line(from_row);
    for (const auto& row : rows) {
        std::fill(line.begin(), line.end(), 0.F);
        const auto* pixels = picture.rgb.data() + static_cast<std::size_t>(row.first) * from_row;
        for (const float weight : row.weights) {
            for (std::size_t i = 0; i < from_row; ++i)
                line[i] += weight * static_cast<float>(pixels[i]);
            pixels += from_row;
        }
        for (const auto& column : columns) {
            float sum[3] = { 0.5F, 0.5F, 0.5F };
            const float* value = line.data() + static_cast<std::size_t>(column.first) * 3;
            for (const float weight : column.weights) {
                for (int channel = 0; channel < 3; ++channel)
                    sum[channel] += weight * value[channel];
                value += 3;
            }
            for (const float channel : sum)
                resized.rgb.push_back(static_cast<std::uint8_t>(std::clamp(channel, 0.F, 255.F)));
        }
    }
    return resized;
}

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
