// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/min_max_pyramid.h"

#include <QList>
#include <QPointF>
#include <QString>
#include <QStringList>

#include <cmath>
#include <optional>

namespace reverie::ui {

enum class ChartX { Steps, Time, Pictures };

/// What the charts of some runs show.
struct ChartQuery {
    QString part;
    QStringList charts; ///< "loss", "lr", ...: see chartKinds()
    ChartX x = ChartX::Steps;
    bool logX = false, logY = false; ///< y: of the loss and the gradient norm
    bool clip = false; ///< y without the outliers
    double window = 1; ///< rows the smoothing reaches over; 1: none
    std::optional<Extent> range; ///< visible x, in steps, seconds or pictures; none: all
    std::optional<double> cursor; ///< where the curves are read
    int columns = 800; ///< pixels across the widest chart

    bool operator==(const ChartQuery&) const = default;
};

/// Values of an axis as they are painted: logarithms on a logarithmic one.
inline double toAxis(double value, bool logarithmic)
{
    return logarithmic ? std::log10(value) : value;
}
inline double fromAxis(double place, bool logarithmic)
{
    return logarithmic ? std::pow(10, place) : place;
}

/// A kind of chart: "loss" from train/loss and valid/loss, ...
struct ChartKind {
    struct Line {
        const char* split;
        const char* number;
        const char* name; ///< to be translated
        bool sparse = false; ///< points are marked
    };
    const char* id;
    const char* title; ///< to be translated
    const char* unit;
    double unitSize = 1; ///< numbers are divided by it
    bool mayBeLogarithmic = false;
    bool smooth = false; ///< what is noisy
    bool fromZero = false; ///< unless it is logarithmic
    std::vector<Line> lines;
};

const std::vector<ChartKind>& chartKinds();

/// One curve as it is painted, in places on the axes.
struct ChartCurve {
    int source = 0; ///< which run
    int line = 0; ///< which of the kind's lines
    QList<QPointF> points; ///< at most two a pixel column
    QList<QPointF> smooth; ///< empty without smoothing
    double read = std::numeric_limits<double>::quiet_NaN(); ///< the number at the cursor
    double readAt = 0; ///< where that row is, on the axis
    double readSmooth = std::numeric_limits<double>::quiet_NaN();
};

struct ChartCurves {
    QString chart;
    QList<ChartCurve> curves;
    Extent y; ///< that shows them, in places on the axis
    bool logY = false;
};

/// Something the doctor said, where it happened.
struct ChartMark {
    int source = 0;
    QPointF at; ///< in places on the axes of the loss
    double step = 0;
    QString text, advice;
};

struct CurveSet {
    ChartQuery query; ///< that this answers
    Extent x; ///< of all there is, in steps, seconds or pictures
    Extent shown; ///< x of the charts, in places on the axis
    std::optional<double> cursorStep;
    QList<ChartCurves> charts;
    QList<ChartMark> marks;

    /// Whether there is a curve for that chart.
    [[nodiscard]] bool has(const QString& chart) const
    {
        return std::any_of(charts.begin(), charts.end(), [&](const ChartCurves& one) {
            return one.chart == chart && !one.curves.isEmpty();
        });
    }
};

} // namespace reverie::ui
