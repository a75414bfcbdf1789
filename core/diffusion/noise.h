// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace reverie {

using at::Tensor;

/// The one door through which random numbers enter the models. The first dimension of every tensor counts the
/// samples, or a whole multiple of them: several views of each, view by view. A source may give each sample
/// its own generator. Values are drawn on the CPU in float32.
class Noise
{
public:
    Noise() = default;
    virtual ~Noise() = default;
    Noise(const Noise&) = delete;
    Noise& operator=(const Noise&) = delete;

    virtual Tensor normal(at::IntArrayRef shape) = 0; ///< N(0, 1)
    virtual Tensor uniform(at::IntArrayRef shape) = 0; ///< [0, 1)
    virtual Tensor integers(std::int64_t high, at::IntArrayRef shape) = 0; ///< int64, 0 .. high - 1

    /// Draws that concern the whole batch: a coin in [0, 1), a real and a whole number in [low, high).
    virtual double coin() = 0;
    virtual double between(double low, double high) = 0;
    virtual std::int64_t pick(std::int64_t low, std::int64_t high) = 0;
};

/// Each sample draws from a generator of its own, so it gets the same numbers in whatever batch it is.
class KeyedNoise : public Noise
{
public:
    /// One key a sample, see random_key(). Whole-batch draws come from a generator keyed by all of them.
    explicit KeyedNoise(const std::vector<std::uint64_t>& keys);
    ~KeyedNoise() override;

    Tensor normal(at::IntArrayRef shape) override;
    Tensor uniform(at::IntArrayRef shape) override;
    Tensor integers(std::int64_t high, at::IntArrayRef shape) override;
    double coin() override;
    double between(double low, double high) override;
    std::int64_t pick(std::int64_t low, std::int64_t high) override;

private:
    std::vector<at::Generator> samples_;
    at::Generator batch_;
};

} // namespace reverie
