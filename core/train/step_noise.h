// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"

#include <optional>
#include <utility>

namespace reverie {

/// Noise of a piece of a training step: its samples draw from generators of their own, and what concerns a
/// whole batch from one that is keyed by more samples than these, so that pieces of one batch share it.
class StepNoise : public KeyedNoise
{
public:
    using Keys = std::vector<std::uint64_t>;

    StepNoise(const Keys& piece, Keys batch)
        : KeyedNoise(piece)
        , batch_(std::move(batch))
    {
    }
    double coin() override { return whole().coin(); }
    double between(double low, double high) override { return whole().between(low, high); }
    std::int64_t pick(std::int64_t low, std::int64_t high) override { return whole().pick(low, high); }

private:
    KeyedNoise& whole()
    {
        if (!whole_)
            whole_.emplace(batch_);
        return *whole_;
    }

    Keys batch_;
    std::optional<KeyedNoise> whole_;
};

} // namespace reverie
