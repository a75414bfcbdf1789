// SPDX-License-Identifier: MIT
#include "ui/session/number_table.h"

#include <cmath>
#include <utility>

namespace reverie::ui {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

} // namespace

void NumberTable::beginRow(double step, double seconds)
{
    if (m_stride > 1 && rows() - m_merged == 2 * m_stride) {
        mergeRows(m_merged, 2 * m_stride, m_merged);
        m_merged += 2;
        resize(m_merged);
    }
    if (rows() >= capacity)
        thin();
    m_steps.push_back(m_steps.empty() ? step : std::max(step, m_steps.back()));
    m_seconds.push_back(m_seconds.empty() ? seconds : std::max(seconds, m_seconds.back()));
    for (auto& [name, column] : m_columns)
        column.values().push_back(none);
    m_next = 0;
}

void NumberTable::set(std::string_view name, double value)
{
    auto place = m_next < m_columns.size() && m_columns[m_next].name == name ? m_next : placeOf(name);
    if (place == m_columns.size())
        m_columns.emplace_back(Named{ std::string(name), {} }).column.values().resize(rows(), none);
    m_columns[place].column.values().back() = value;
    m_next = place + 1;
}

void NumberTable::truncateAfter(double step)
{
    const auto rows = std::size_t(std::upper_bound(m_steps.begin(), m_steps.end(), step) - m_steps.begin());
    resize(rows);
    m_merged = std::min(m_merged, rows);
}

NumberColumn* NumberTable::column(std::string_view name)
{
    return const_cast<NumberColumn*>(std::as_const(*this).column(name)); // NOLINT: one search for both
}

const NumberColumn* NumberTable::column(std::string_view name) const
{
    const auto place = placeOf(name);
    return place == m_columns.size() ? nullptr : &m_columns[place].column;
}

std::size_t NumberTable::placeOf(std::string_view name) const
{
    const auto found = std::find_if(m_columns.begin(), m_columns.end(),
                                    [&](const Named& column) { return column.name == name; });
    return std::size_t(found - m_columns.begin());
}

std::vector<std::string> NumberTable::names() const
{
    std::vector<std::string> names;
    for (const auto& column : m_columns)
        names.push_back(column.name);
    return names;
}

/// Four rows become two, all over the table.
void NumberTable::thin()
{
    const auto groups = rows() / 4;
    for (std::size_t group = 0; group < groups; ++group)
        mergeRows(4 * group, 4, 2 * group);
    m_merged = 2 * groups;
    m_stride *= 2;
    resize(m_merged);
}

/// Rows `to` and the next get the lowest and the highest of those rows, in their order. `to` is not behind
/// `first`.
void NumberTable::mergeRows(std::size_t first, std::size_t count, std::size_t to)
{
    for (auto* positions : { &m_steps, &m_seconds }) {
        (*positions)[to] = (*positions)[first];
        (*positions)[to + 1] = (*positions)[first + count / 2];
    }
    for (auto& [name, column] : m_columns) {
        auto& values = column.values();
        auto lowest = first, highest = first;
        for (auto row = first; row < first + count; ++row) {
            if (!(values[row] >= values[lowest]) && !std::isnan(values[row]))
                lowest = row;
            if (!(values[row] <= values[highest]) && !std::isnan(values[row]))
                highest = row;
        }
        const auto [earlier, later] = std::minmax(lowest, highest);
        const double before = values[earlier], after = values[later];
        values[to] = before;
        values[to + 1] = after;
        column.forgetFrom(to);
    }
}

void NumberTable::resize(std::size_t rows)
{
    m_steps.resize(rows);
    m_seconds.resize(rows);
    for (auto& [name, column] : m_columns)
        column.truncate(rows);
}

} // namespace reverie::ui
