// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_state.h"
#include "ui/widgets/chart_card.h"

#include <QTimer>
#include <QWidget>

class QGridLayout;
class QLabel;

namespace reverie::ui {

class ChartControls;
class VerdictList;

/// All charts of one run, or one of several runs, over a common x axis with one cursor.
class RunCharts : public QWidget
{
    Q_OBJECT
public:
    explicit RunCharts(QWidget* parent = nullptr);

    /// Empties the charts: other runs come.
    void begin(bool comparing);
    void setStates(const QList<RunState>& states);
    void setCurves(const CurveSet& answer);
    /// Of the runs being compared.
    void setHidden(const QList<bool>& hidden);
    [[nodiscard]] const ChartQuery& query() const { return m_query; }
    [[nodiscard]] ChartCard* card(const QString& kind) const;

Q_SIGNALS:
    void queryChanged(const reverie::ui::ChartQuery& query);
    void saveNumbersWanted(const QString& file);
    void savePictureWanted(const QString& file, const QByteArray& picture);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void makeCards();
    void connectCard(ChartCard& card);
    void arrange();
    void updateQuery();
    void showRange(const std::optional<Extent>& places);
    void setCursorAt(std::optional<double> x);
    void showMark(int index);
    void askWhereToSave(ChartCard& card, ChartCard::Format format);

    ChartControls* m_controls;
    QWidget* m_area;
    QGridLayout* m_grid;
    VerdictList* m_verdicts;
    QList<ChartCard*> m_cards; ///< the loss first
    ChartQuery m_query;
    CurveSet m_curves;
    QStringList m_runs;
    QList<bool> m_hidden;
    bool m_comparing = false;
};

} // namespace reverie::ui
