// SPDX-License-Identifier: MIT
#include "core/data/lookalikes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace reverie {

namespace {

constexpr int fine = 32, low = 8; ///< grey values a side, and frequencies of them

/// Mean values of `cells` x `cells` parts of one plane.
std::vector<double> means(const std::uint8_t* plane, int size, int cells)
{
    const int step = size / cells;
    std::vector<double> means(std::size_t(cells) * std::size_t(cells));
    for (int y = 0; y < step * cells; ++y)
        for (int x = 0; x < step * cells; ++x)
            means[std::size_t(y / step * cells + x / step)]
                += double(plane[std::size_t(y) * std::size_t(size) + std::size_t(x)]) / (step * step);
    return means;
}

/// The lowest frequencies of a square of grey values (type II cosine transform, unscaled), row by row.
std::array<double, std::size_t{ low } * low> frequencies(const std::vector<double>& grey)
{
    static const auto waves = [] {
        std::array<std::array<double, fine>, low> waves{};
        for (int k = 0; k < low; ++k)
            for (int i = 0; i < fine; ++i)
                waves[std::size_t(k)][std::size_t(i)]
                    = std::cos(std::numbers::pi * k * (2 * i + 1) / (2 * fine));
        return waves;
    }();
    std::array<double, std::size_t{ low } * low> found{};
    for (std::size_t y = 0; y < fine; ++y)
        for (std::size_t u = 0; u < low; ++u) {
            double along = 0;
            for (std::size_t x = 0; x < fine; ++x)
                along += waves[u][x] * grey[y * fine + x];
            for (std::size_t v = 0; v < low; ++v)
                found[v * low + u] += waves[v][y] * along;
        }
    return found;
}

std::uint64_t hash_of(const std::array<std::vector<double>, 3>& planes)
{
    std::vector<double> grey(planes[0].size());
    for (std::size_t i = 0; i < grey.size(); ++i)
        grey[i] = 0.299 * planes[0][i] + 0.587 * planes[1][i] + 0.114 * planes[2][i];
    const auto found = frequencies(grey);
    auto sorted = found;
    const auto middle = sorted.begin() + sorted.size() / 2;
    std::nth_element(sorted.begin() + 1, middle, sorted.end());
    std::uint64_t hash = 0;
    for (std::size_t i = 1; i < found.size(); ++i) // the first is the brightness
        hash |= std::uint64_t(found[i] > *middle) << i;
    return hash;
}

std::uint64_t band(std::uint64_t hash, int index, int bands)
{
    const int width = 64 / bands;
    return hash >> (index * width) & ((std::uint64_t{ 1 } << width) - 1);
}

bool have_the_same_colours(const Glance& a, const Glance& b, int most)
{
    double brighter = 0;
    for (std::size_t i = 0; i < a.colours.size(); ++i)
        brighter += double(a.colours[i]) - double(b.colours[i]);
    brighter /= double(a.colours.size());
    for (std::size_t i = 0; i < a.colours.size(); ++i)
        if (std::abs(double(a.colours[i]) - double(b.colours[i]) - brighter) > most)
            return false;
    return std::abs(brighter) <= most;
}

} // namespace

Glance glance_at(const std::uint8_t* planes, int size)
{
    Glance glance;
    std::array<std::vector<double>, 3> fine_planes;
    const auto plane = std::size_t(size) * std::size_t(size);
    constexpr auto cells = std::size_t{ Glance::side } * Glance::side;
    for (std::size_t channel = 0; channel < 3; ++channel) {
        fine_planes[channel] = means(planes + channel * plane, size, fine);
        const auto coarse = means(planes + channel * plane, size, Glance::side);
        for (std::size_t i = 0; i < cells; ++i)
            glance.colours[channel * cells + i] = std::uint8_t(std::lround(coarse[i]));
    }
    glance.hash = hash_of(fine_planes);
    return glance;
}

std::optional<std::int64_t> Lookalikes::find(const Glance& glance) const
{
    auto first = seen_.size();
    for (int i = 0; i < bands; ++i) {
        const auto bucket = by_band_[std::size_t(i)].find(band(glance.hash, i, bands));
        if (bucket == by_band_[std::size_t(i)].end())
            continue;
        for (const auto at : bucket->second) {
            if (at >= first)
                break;
            if (std::popcount(seen_[at].glance.hash ^ glance.hash) <= most_bits
                && have_the_same_colours(seen_[at].glance, glance, most_colour))
                first = at;
        }
    }
    return first < seen_.size() ? std::optional(seen_[first].row) : std::nullopt;
}

void Lookalikes::add(std::int64_t row, const Glance& glance)
{
    for (int i = 0; i < bands; ++i)
        by_band_[std::size_t(i)][band(glance.hash, i, bands)].push_back(seen_.size());
    seen_.push_back({ row, glance });
}

} // namespace reverie
