// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"
#include "core/io/safetensors.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// One recorded call of the reference.
struct ParityCase {
    std::string name, kind;
    nlohmann::json config, call;
    TensorMap parameters, inputs, outputs;
    std::vector<Tensor> noises;

    /// An input, or an undefined tensor.
    [[nodiscard]] Tensor input(const std::string& key) const;
};

ParityCase read_parity_case(const std::filesystem::path& path);

/// Hands out what was recorded, in order, whoever asks. Throws Error when asked for another shape or too
/// often.
class ReplayedNoise : public Noise
{
public:
    explicit ReplayedNoise(std::vector<Tensor> recorded)
        : recorded_(std::move(recorded))
    {
    }
    Tensor normal(at::IntArrayRef shape) override { return next(shape); }
    Tensor uniform(at::IntArrayRef shape) override { return next(shape); }
    Tensor integers(std::int64_t, at::IntArrayRef shape) override { return next(shape); }
    double coin() override;
    double between(double, double) override { return coin(); }
    std::int64_t pick(std::int64_t, std::int64_t) override;
    [[nodiscard]] std::size_t left() const { return recorded_.size() - used_; }

private:
    Tensor next(at::IntArrayRef shape);
    std::vector<Tensor> recorded_;
    std::size_t used_ = 0;
};

} // namespace reverie
