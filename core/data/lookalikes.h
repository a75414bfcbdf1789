// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace reverie {

/// What a picture looks like at a glance: the same, nearly, after another compression, at another size, or a
/// little brighter.
struct Glance {
    static constexpr int side = 16;
    std::uint64_t hash = 0; ///< signs of the 63 lowest frequencies of its grey values (a "pHash")
    std::array<std::uint8_t, std::size_t{ side } * side * 3> colours{}; ///< mean colour of each cell
};

/// Of planes (3, size, size), where size is a multiple of 32.
Glance glance_at(const std::uint8_t* planes, int size);

/// Pictures of which the ones that look alike are found without comparing each with each. Two do if at most
/// `most_bits` of their hashes differ and no cell's colour differs by more than `most_colour` of 255, beside
/// a change of brightness that all cells have in common.
class Lookalikes
{
public:
    static constexpr int most_bits = 7, most_colour = 32;

    /// The first row that was added and looks alike.
    [[nodiscard]] std::optional<std::int64_t> find(const Glance& glance) const;
    void add(std::int64_t row, const Glance& glance);

private:
    struct Seen {
        std::int64_t row;
        Glance glance;
    };
    static constexpr int bands = most_bits + 1; ///< of two that look alike, one band of the hash is the same

    std::vector<Seen> seen_;
    std::array<std::unordered_map<std::uint64_t, std::vector<std::size_t>>, bands> by_band_;
};

} // namespace reverie
