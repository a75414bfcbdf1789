// SPDX-License-Identifier: MIT
#include "ui/session/number_column.h"

#include <cmath>

namespace reverie::ui {

void Trace::truncate(std::size_t rows)
{
    values.resize(std::min(values.size(), rows));
    pyramid.truncate(rows);
}

const Trace& NumberColumn::raw()
{
    m_raw.pyramid.extend(m_raw.values);
    return m_raw;
}

const Trace& NumberColumn::smoothed(double window)
{
    if (window != m_window)
        m_smoothed = {};
    m_window = window;
    const auto& raw = m_raw.values;
    auto& smooth = m_smoothed.values;
    // The mean so far weighs as much as its rows did, which is what undoes the bias of starting from nothing.
    const double decay = std::exp(-1 / window);
    double weight = 0, mean = 0;
    if (!smooth.empty()) {
        weight = -std::expm1(-double(smooth.size()) / window);
        mean = std::isnan(smooth.back()) ? 0 : smooth.back();
    }
    smooth.reserve(raw.size());
    for (auto row = smooth.size(); row < raw.size(); ++row) {
        if (std::isfinite(raw[row])) {
            const double total = decay * weight + (1 - decay);
            mean += (1 - decay) / total * (raw[row] - mean);
            weight = total;
        }
        smooth.push_back(weight > 0 ? mean : std::numeric_limits<double>::quiet_NaN());
    }
    m_smoothed.pyramid.extend(smooth);
    return m_smoothed;
}

void NumberColumn::truncate(std::size_t rows)
{
    m_raw.truncate(rows);
    m_smoothed.truncate(rows);
}

void NumberColumn::forgetFrom(std::size_t row)
{
    m_raw.pyramid.truncate(row);
    m_smoothed.truncate(row);
}

} // namespace reverie::ui
