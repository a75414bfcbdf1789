// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/min_max_pyramid.h"

namespace reverie::ui {

/// Values in the order of their rows.
struct Trace {
    std::vector<double> values;
    MinMaxPyramid pyramid;

    void truncate(std::size_t rows);
};

/// One number of a run over its rows, as it is and smoothed. A row without it is not a number.
class NumberColumn
{
public:
    [[nodiscard]] std::vector<double>& values() { return m_raw.values; }
    [[nodiscard]] const std::vector<double>& values() const { return m_raw.values; }

    [[nodiscard]] const Trace& raw();
    /// The running mean in which a value's weight falls to 1/e over `window` rows, without the pull towards
    /// zero at the beginning. Kept, and carried on as rows come.
    [[nodiscard]] const Trace& smoothed(double window);

    void truncate(std::size_t rows);
    /// The values of these rows and of those behind were changed.
    void forgetFrom(std::size_t row);

private:
    Trace m_raw, m_smoothed;
    double m_window = 0;
};

} // namespace reverie::ui
