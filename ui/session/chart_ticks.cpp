// SPDX-License-Identifier: MIT
#include "ui/session/chart_ticks.h"

#include "ui/session/chart_query.h"

#include <QCoreApplication>
#include <QLocale>

#include <array>
#include <cmath>

namespace reverie::ui {

namespace {

constexpr double minute = 60, hour = 60 * minute, day = 24 * hour;

/// 1, 2 or 5 times a power of ten, at least `size`.
double roundStep(double size)
{
    const double decade = std::pow(10, std::floor(std::log10(size)));
    for (const double factor : { 1.0, 2.0, 5.0 })
        if (factor * decade >= size * (1 - 1e-9))
            return factor * decade;
    return 10 * decade;
}

double roundTimeStep(double size)
{
    static constexpr std::array steps{ 1.0,    2.0,        5.0,        10.0,        15.0,        30.0,
                                       minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute,
                                       hour,   2 * hour,   3 * hour,   6 * hour,    12 * hour,   day };
    if (size < 1)
        return roundStep(size);
    for (const double step : steps)
        if (step >= size)
            return step;
    return roundStep(size / day) * day;
}

template <class Label>
QList<Tick> ticksAt(const std::vector<double>& values, bool logarithmic, Label label)
{
    QList<Tick> ticks;
    for (const double value : values)
        if (const auto text = label(value); ticks.isEmpty() || ticks.last().label != text)
            ticks.append({ toAxis(value, logarithmic), text });
    return ticks;
}

std::vector<double> multiples(const Extent& range, double step)
{
    std::vector<double> values;
    for (double k = std::ceil(range.low / step - 1e-9); k * step <= range.high + 1e-9 * step; ++k)
        values.push_back(k == 0 ? 0 : k * step);
    return values;
}

/// Powers of ten, with 2 and 5 times them where there is room, or every so many of them where there is not.
std::vector<double> decades(const Extent& axis, int count)
{
    const double all = axis.size();
    const double every = std::max(1.0, std::ceil(all / count));
    std::vector<double> values;
    for (double power = std::floor(axis.low); power <= axis.high; ++power) {
        if (std::fmod(power, every) != 0)
            continue;
        for (const double factor : { 1.0, 2.0, 5.0 })
            if (const double place = power + std::log10(factor);
                place >= axis.low - 1e-9 && place <= axis.high + 1e-9)
                if (factor == 1 || all * 3 <= count)
                    values.push_back(std::pow(10, power) * factor);
    }
    return values;
}

QList<Tick> ticks(const Extent& axis, bool logarithmic, int count, double (*step)(double),
                  QString (*label)(double))
{
    if (axis.isEmpty() || axis.size() <= 0)
        return {};
    if (logarithmic && axis.size() >= 1)
        return ticksAt(decades(axis, count), true, label);
    const Extent range{ fromAxis(axis.low, logarithmic), fromAxis(axis.high, logarithmic) };
    auto values = multiples(range, step(range.size() / count));
    for (int more = 2; values.size() < 2 && more <= 4; more *= 2) // one says nothing of the scale
        values = multiples(range, step(range.size() / count / more));
    return ticksAt(values, logarithmic, label);
}

QString trimmed(double number, int digits)
{
    return QString::number(number, 'g', digits);
}

} // namespace

QList<Tick> numberTicks(const Extent& axis, bool logarithmic, int count)
{
    return ticks(axis, logarithmic, count, roundStep, shortNumberText);
}

QList<Tick> timeTicks(const Extent& axis, bool logarithmic, int count)
{
    return ticks(axis, logarithmic, count, roundTimeStep, timeText);
}

QString numberText(double number)
{
    if (std::abs(number) < 1e15 && number == std::round(number))
        return QLocale().toString(qlonglong(number));
    if (std::abs(number) >= 1e4)
        return QLocale().toString(qlonglong(std::llround(number)));
    return trimmed(number, 4);
}

QString shortNumberText(double number)
{
    const double size = std::abs(number);
    if (size >= 1e9)
        return trimmed(number / 1e9, 5) + QStringLiteral("G");
    if (size >= 1e6)
        return trimmed(number / 1e6, 5) + QStringLiteral("M");
    if (size >= 1e4)
        return trimmed(number / 1e3, 5) + QStringLiteral("k");
    return trimmed(number, 5);
}

QString timeText(double seconds)
{
    const auto text
        = [](const char* source) { return QCoreApplication::translate("reverie::ui::Time", source); };
    if (seconds < minute)
        return text("%1 s").arg(trimmed(seconds, 3));
    const auto both = [&](double large, const char* largeName, double small, const char* smallName) {
        const double whole = std::floor(seconds / large),
                     rest = std::floor((seconds - whole * large) / small);
        const auto first = text(largeName).arg(whole);
        return rest > 0 ? first + QLatin1Char(' ') + text(smallName).arg(rest) : first;
    };
    if (seconds < hour)
        return both(minute, "%1 min", 1, "%1 s");
    if (seconds < day)
        return both(hour, "%1 h", minute, "%1 min");
    return both(day, "%1 d", hour, "%1 h");
}

} // namespace reverie::ui
