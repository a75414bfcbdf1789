// SPDX-License-Identifier: MIT
#include "core/diffusion/noise.h"

#include "core/base/error.h"
#include "core/base/random_key.h"

#include <torch/torch.h>

namespace reverie {

namespace {

at::Generator generator(std::uint64_t key)
{
    return at::detail::createCPUGenerator(key);
}

/// Row i drawn by the generator of sample i, counted anew for every view.
template <class Draw>
Tensor by_rows(std::vector<at::Generator>& samples, at::IntArrayRef shape, Draw draw)
{
    const auto count = static_cast<std::int64_t>(samples.size());
    if (shape.empty() || count == 0 || shape[0] % count != 0)
        throw Error("The noise source serves " + std::to_string(samples.size())
                    + " samples; the batch has another size.");
    std::vector<std::int64_t> row(shape.begin(), shape.end());
    row[0] = 1;
    std::vector<Tensor> rows;
    rows.reserve(static_cast<std::size_t>(shape[0]));
    for (std::int64_t i = 0; i < shape[0]; ++i)
        rows.push_back(draw(row, samples[static_cast<std::size_t>(i % count)]));
    return torch::cat(rows, 0);
}

} // namespace

KeyedNoise::KeyedNoise(const std::vector<std::uint64_t>& keys)
{
    std::uint64_t all = keys.size();
    for (const auto key : keys) {
        samples_.push_back(generator(key));
        all = random_key({ all, key });
    }
    batch_ = generator(all);
}

KeyedNoise::~KeyedNoise() = default;

Tensor KeyedNoise::normal(at::IntArrayRef shape)
{
    return by_rows(samples_, shape, [](const auto& row, auto& source) { return torch::randn(row, source); });
}

Tensor KeyedNoise::uniform(at::IntArrayRef shape)
{
    return by_rows(samples_, shape, [](const auto& row, auto& source) { return torch::rand(row, source); });
}

Tensor KeyedNoise::integers(std::int64_t high, at::IntArrayRef shape)
{
    return by_rows(samples_, shape, [high](const auto& row, auto& source) {
        return torch::randint(high, row, source, torch::TensorOptions(torch::kInt64));
    });
}

double KeyedNoise::coin()
{
    return torch::rand({}, batch_, torch::TensorOptions(torch::kFloat64)).item<double>();
}

double KeyedNoise::between(double low, double high)
{
    return low + (high - low) * coin();
}

std::int64_t KeyedNoise::pick(std::int64_t low, std::int64_t high)
{
    return torch::randint(low, high, {}, batch_, torch::TensorOptions(torch::kInt64)).item<std::int64_t>();
}

} // namespace reverie
