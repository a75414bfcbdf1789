// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/chart_query.h"
#include "ui/session/number_column.h"

#include <span>

namespace reverie::ui {

/// Where on an axis rows lie: (position - shift) * scale.
struct AxisRows {
    std::span<const double> positions; ///< never falling
    double shift = 0, scale = 1;

    [[nodiscard]] double at(std::size_t row) const { return (positions[row] - shift) * scale; }
    /// The first row at or behind that place.
    [[nodiscard]] std::size_t firstFrom(double place) const;
    /// The row nearest to that place; there must be one.
    [[nodiscard]] std::size_t nearest(double place) const;
};

/// How a curve is looked at.
struct AxisView {
    Extent range; ///< visible x
    int columns = 800; ///< pixels
    bool logX = false, logY = false;
    double unitSize = 1; ///< y is divided by it
};

/// The curve between the ends of the view, one row beyond at each side, in places on the axes. Where several
/// rows fall into a pixel column there are two points: the lowest and the highest. What is not a number, or
/// has no logarithm, is left out.
QList<QPointF> decimate(const AxisRows& rows, const Trace& trace, const AxisView& view);

} // namespace reverie::ui
