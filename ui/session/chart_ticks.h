// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/min_max_pyramid.h"

#include <QList>
#include <QString>

namespace reverie::ui {

struct Tick {
    double place = 0; ///< on the axis
    QString label;
    bool operator==(const Tick&) const = default;
};

/// About `count` round numbers between the ends of an axis (places on it), with labels that differ.
QList<Tick> numberTicks(const Extent& axis, bool logarithmic, int count);
/// Round times; the axis is in seconds.
QList<Tick> timeTicks(const Extent& axis, bool logarithmic, int count);

/// "0.0123", "12,300", "1.5e-06": four digits that count, or all digits of a whole number.
QString numberText(double number);
/// "12k", "1.25M"
QString shortNumberText(double number);
/// "45 s", "3 min 20 s", "1 h 5 min", "2 d 3 h"
QString timeText(double seconds);

} // namespace reverie::ui
