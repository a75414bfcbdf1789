// SPDX-License-Identifier: MIT
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>

namespace reverie {

/// While it lives, matrix products and convolutions of this thread are computed in bf16 or f16 and everything
/// that needs the range in f32. "f32" changes nothing.
class Autocast
{
public:
    Autocast(c10::Device device, const std::string& precision);
    ~Autocast();
    Autocast(const Autocast&) = delete;
    Autocast& operator=(const Autocast&) = delete;

private:
    bool active_;
    c10::DeviceType device_;
};

/// Keeps f16 gradients from vanishing: the loss is multiplied by a scale that halves whenever gradients
/// overflow, and doubles after 2000 steps in which they did not (Micikevicius et al. 2018).
class LossScaler
{
public:
    [[nodiscard]] double scale() const { return scale_; }
    /// After every step. False if it overflowed and must not be taken.
    bool accept(bool finite);

    [[nodiscard]] std::int64_t good_steps() const { return good_steps_; }
    void restore(double scale, std::int64_t good_steps);

private:
    double scale_ = 65536;
    std::int64_t good_steps_ = 0;
};

} // namespace reverie
