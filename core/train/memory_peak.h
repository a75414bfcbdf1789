// SPDX-License-Identifier: MIT
#pragma once

#include <c10/core/Device.h>

#include <optional>

namespace reverie {

/// Watches how much memory is held at most: the accelerator's that LibTorch took, or that of the process. One
/// at a time.
class MemoryPeak
{
public:
    /// Gives back what is free and counts from here.
    explicit MemoryPeak(c10::Device device);
    /// Gives back what is free and looks for another peak, beyond the same amount.
    void restart();
    /// The largest amount since, beyond what was held at first; none where the system does not say.
    [[nodiscard]] std::optional<double> bytes() const;

private:
    [[nodiscard]] double held() const;

    c10::Device device_;
    double before_ = 0;
    bool watched_ = false;
};

} // namespace reverie
