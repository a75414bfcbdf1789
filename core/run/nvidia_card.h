// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

namespace reverie {

/// One card, as NVIDIA's management library sees it. The library comes with the driver, is opened late, and
/// has an interface that is stable across drivers, so that neither headers nor a toolkit are needed.
class NvidiaCard
{
public:
    struct Memory {
        unsigned long long total = 0, free = 0, used = 0; ///< bytes
    };
    virtual ~NvidiaCard() = default;
    [[nodiscard]] virtual std::optional<Memory> memory() const = 0;
    [[nodiscard]] virtual std::optional<double> use() const = 0; ///< percent of the time, lately
    [[nodiscard]] virtual std::optional<double> temperature() const = 0; ///< °C
};

/// The card that CUDA counts as `index` (-1: its first). Null without a driver or such a card.
std::unique_ptr<NvidiaCard> open_nvidia_card(int index);

} // namespace reverie
