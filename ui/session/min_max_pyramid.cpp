// SPDX-License-Identifier: MIT
#include "ui/session/min_max_pyramid.h"

namespace reverie::ui {

namespace {

constexpr std::size_t fan = 32;

template <class Element>
Extent extentOf(const std::vector<Element>& elements, std::size_t first, std::size_t last)
{
    Extent extent;
    for (auto i = first; i < last; ++i)
        extent.add(elements[i]);
    return extent;
}

/// Appends the extents of the whole blocks of `below` that `blocks` lacks. True if there is a next level to
/// fill.
template <class Element>
bool appendBlocks(const std::vector<Element>& below, std::vector<Extent>& blocks)
{
    for (auto next = blocks.size(); (next + 1) * fan <= below.size(); ++next)
        blocks.push_back(extentOf(below, next * fan, (next + 1) * fan));
    return blocks.size() >= fan;
}

} // namespace

void MinMaxPyramid::extend(const std::vector<double>& values)
{
    if (m_levels.empty())
        m_levels.emplace_back();
    bool more = appendBlocks(values, m_levels[0]);
    for (std::size_t level = 1; more; ++level) {
        if (level == m_levels.size())
            m_levels.emplace_back();
        more = appendBlocks(m_levels[level - 1], m_levels[level]);
    }
}

void MinMaxPyramid::truncate(std::size_t rows)
{
    for (auto& level : m_levels) {
        rows /= fan;
        level.resize(std::min(level.size(), rows));
    }
}

Extent MinMaxPyramid::extent(const std::vector<double>& values, std::size_t first, std::size_t last) const
{
    Extent extent;
    // Up the levels: the ends that fill no block, then what lies between as blocks of the next level.
    const auto take = [&](const auto& elements, std::size_t blocksAbove) {
        const auto firstBlock = (first + fan - 1) / fan, lastBlock = std::min(last / fan, blocksAbove);
        if (firstBlock >= lastBlock) {
            extent.add(extentOf(elements, first, last));
            return false;
        }
        extent.add(extentOf(elements, first, firstBlock * fan));
        extent.add(extentOf(elements, lastBlock * fan, last));
        first = firstBlock;
        last = lastBlock;
        return true;
    };
    const auto blocks
        = [&](std::size_t level) { return level < m_levels.size() ? m_levels[level].size() : 0; };
    bool more = take(values, blocks(0));
    for (std::size_t level = 0; more; ++level)
        more = take(m_levels[level], blocks(level + 1));
    return extent;
}

} // namespace reverie::ui
