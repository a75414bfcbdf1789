// SPDX-License-Identifier: MIT
#include "ui/session/decimate.h"

namespace reverie::ui {

namespace {

/// Collects points, in places on the axes.
class Points
{
public:
    explicit Points(const AxisView& view)
        : m_view(view)
    {
    }

    void add(double x, double y)
    {
        const QPointF point(toAxis(x, m_view.logX), toAxis(y / m_view.unitSize, m_view.logY));
        if (std::isfinite(point.x()) && std::isfinite(point.y()))
            m_points.append(point);
    }

    /// First the one that is nearer to where the curve is.
    void add(double x, const Extent& y)
    {
        if (y.isEmpty())
            return;
        const double last
            = m_points.isEmpty() ? y.low : fromAxis(m_points.last().y(), m_view.logY) * m_view.unitSize;
        const bool upwards = std::abs(last - y.low) <= std::abs(last - y.high);
        add(x, upwards ? y.low : y.high);
        if (y.low != y.high)
            add(x, upwards ? y.high : y.low);
    }

    [[nodiscard]] QList<QPointF> take() { return std::move(m_points); }

private:
    const AxisView& m_view;
    QList<QPointF> m_points;
};

} // namespace

std::size_t AxisRows::firstFrom(double place) const
{
    const auto found = std::lower_bound(positions.begin(), positions.end(), place / scale + shift);
    return std::size_t(found - positions.begin());
}

std::size_t AxisRows::nearest(double place) const
{
    const auto next = std::min(firstFrom(place), positions.size() - 1);
    return next > 0 && place - at(next - 1) < at(next) - place ? next - 1 : next;
}

QList<QPointF> decimate(const AxisRows& rows, const Trace& trace, const AxisView& view)
{
    const auto& values = trace.values;
    auto first = rows.firstFrom(view.range.low), last = rows.firstFrom(view.range.high);
    first -= first > 0 ? 1 : 0;
    last = std::min(last + 2, values.size());
    Points points(view);
    if (first >= last)
        return {};
    if (last - first <= 2 * std::size_t(view.columns)) {
        for (auto row = first; row < last; ++row)
            points.add(rows.at(row), values[row]);
        return points.take();
    }
    const double begin = toAxis(view.range.low, view.logX);
    const double column = (toAxis(view.range.high, view.logX) - begin) / view.columns;
    points.add(rows.at(first), values[first]);
    for (auto row = first + 1; row + 1 < last;) {
        const double place = (toAxis(rows.at(row), view.logX) - begin) / column;
        const double behind = std::isfinite(place) ? std::floor(place) + 1 : 1;
        const auto next
            = std::clamp(rows.firstFrom(fromAxis(begin + behind * column, view.logX)), row + 1, last - 1);
        if (next == row + 1)
            points.add(rows.at(row), values[row]);
        else
            points.add(fromAxis(begin + (behind - 0.5) * column, view.logX),
                       trace.pyramid.extent(values, row, next));
        row = next;
    }
    points.add(rows.at(last - 1), values[last - 1]);
    return points.take();
}

} // namespace reverie::ui
