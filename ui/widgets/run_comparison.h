// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/chart_query.h"
#include "ui/session/run_state.h"

#include <QTableWidget>

namespace reverie::ui {

/// Runs side by side: which curve is whose and whether it shows, what it reads, the state, and the options
/// that differ.
class RunComparison : public QTableWidget
{
    Q_OBJECT
public:
    explicit RunComparison(QWidget* parent = nullptr);

    void setStates(const QList<RunState>& states);
    void setCurves(const CurveSet& curves);

Q_SIGNALS:
    void hiddenChanged(const QList<bool>& hidden);

private:
    void build(const QList<RunState>& states);
    void setCell(int row, int column, const QString& text);
    void dress();

    QList<QMap<QString, QString>> m_options; ///< that the table was built of
    QStringList m_places;
};

/// The options in which the runs differ, in order; what a run does not have is empty.
QStringList differingOptions(const QList<QMap<QString, QString>>& runs);

} // namespace reverie::ui
