// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/number_column.h"

#include <string>
#include <string_view>
#include <vector>

namespace reverie::ui {

/// The numbers that one part of a run reports, column by column. Of more than a million rows, neighbours are
/// merged so that the lowest and the highest of every column stay, which keeps the memory bounded.
class NumberTable
{
public:
    static constexpr std::size_t capacity = std::size_t(1) << 20U;

    /// `step` and `seconds` don't fall from row to row.
    void beginRow(double step, double seconds);
    /// Of the newest row.
    void set(std::string_view name, double value);
    /// Rows past the step go.
    void truncateAfter(double step);
    void clear() { *this = {}; }

    [[nodiscard]] std::size_t rows() const { return m_steps.size(); }
    [[nodiscard]] const std::vector<double>& steps() const { return m_steps; }
    [[nodiscard]] const std::vector<double>& seconds() const { return m_seconds; }
    [[nodiscard]] NumberColumn* column(std::string_view name);
    [[nodiscard]] const NumberColumn* column(std::string_view name) const;
    /// In the order in which they came.
    [[nodiscard]] std::vector<std::string> names() const;
    /// How many lines a row of the older ones stands for.
    [[nodiscard]] std::size_t linesPerRow() const { return m_stride; }

private:
    struct Named {
        std::string name;
        NumberColumn column;
    };

    [[nodiscard]] std::size_t
    placeOf(std::string_view name) const; ///< the number of columns if there is none
    void thin();
    void mergeRows(std::size_t first, std::size_t count, std::size_t to);
    void resize(std::size_t rows);

    std::vector<double> m_steps, m_seconds;
    std::vector<Named> m_columns;
    std::size_t m_next = 0; ///< column that comes next in a row like the one before
    std::size_t m_stride = 1;
    std::size_t m_merged = 0; ///< rows that stand for m_stride lines each; those behind are as they came
};

} // namespace reverie::ui
