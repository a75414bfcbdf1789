// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/chart_query.h"
#include "ui/session/decimate.h"
#include "ui/session/run_source.h"

namespace reverie::ui {

/// The curves that a query asks for, from what has been read of the runs. On the thread that reads them.
CurveSet chartCurves(const std::vector<RunSource*>& sources, const ChartQuery& query);

/// The part of a run that a query means: of event files of other programs, the one there is.
std::string partOf(const RunNumbers& numbers, const QString& wanted);

/// Where rows of a table lie on the query's x axis.
AxisRows rowsOf(const RunNumbers& numbers, const TableKey& key, const NumberTable& table, ChartX x);

} // namespace reverie::ui
