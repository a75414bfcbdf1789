// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace reverie::ui {

/// From the lowest to the highest of some numbers; empty before there is one.
struct Extent {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    [[nodiscard]] bool isEmpty() const { return !(low <= high); }
    [[nodiscard]] double size() const { return isEmpty() ? 0 : high - low; }
    /// What is not a number changes nothing.
    void add(double value)
    {
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    void add(const Extent& other)
    {
        low = std::min(low, other.low);
        high = std::max(high, other.high);
    }
    bool operator==(const Extent&) const = default;
};

/// The extents of ever larger blocks of a growing column, so that the extent of any of its rows costs a few
/// dozen comparisons.
class MinMaxPyramid
{
public:
    /// `values` are those of the last call, and maybe more.
    void extend(const std::vector<double>& values);
    /// Only the first `rows` still hold.
    void truncate(std::size_t rows);
    /// Of the rows from `first` to before `last`.
    [[nodiscard]] Extent extent(const std::vector<double>& values, std::size_t first, std::size_t last) const;

private:
    std::vector<std::vector<Extent>> m_levels; ///< the first: blocks of 32 rows; each next: of 32 blocks
};

} // namespace reverie::ui
