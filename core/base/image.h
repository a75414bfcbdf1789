// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reverie {

/// An 8-bit sRGB picture, rows from the top, three bytes a pixel, no padding between rows.
struct Image {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb; ///< width * height * 3 bytes

    [[nodiscard]] bool empty() const { return rgb.empty(); }
    friend bool operator==(const Image&, const Image&) = default;
};

} // namespace reverie
