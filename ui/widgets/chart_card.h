// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/chart_query.h"
#include "ui/widgets/curves_item.h"

#include <QFrame>

class QLabel;
class QToolButton;

namespace reverie::ui {

class RunChart;

/// A chart with its title, what its curves are and what they read at the cursor, or say last.
class ChartCard : public QFrame
{
    Q_OBJECT
public:
    enum class Format { Png, Svg, Csv };

    /// `kind` lasts as long as the program.
    explicit ChartCard(const ChartKind& kind, QWidget* parent = nullptr);

    /// With the names of several runs the curves are told apart by these, else by what they are.
    void setCurves(const CurveSet& set, const QStringList& runs, const QList<bool>& hidden);
    [[nodiscard]] RunChart& chart() const { return *m_chart; }
    [[nodiscard]] const ChartKind& kind() const { return m_kind; }
    [[nodiscard]] QString legendText() const; ///< without colours, for those who can't see them
    /// The chart as it shows, with its legend on the theme's background: a PNG of twice its size, or an SVG.
    [[nodiscard]] QByteArray picture(Format format) const;

Q_SIGNALS:
    void saveWanted(reverie::ui::ChartCard::Format format);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Entry {
        QColor colour;
        QString name, label, value; ///< the label is shown, if there is one
    };

    QToolButton* makeSaveButton();
    [[nodiscard]] QString nameOf(const ChartCurve& curve, const QStringList& runs) const;
    void showLegend();
    void paintPicture(QPainter& painter, const QSize& size) const;

    const ChartKind& m_kind;
    QLabel* m_title;
    QLabel* m_legend;
    RunChart* m_chart;
    QList<Entry> m_entries;
};

} // namespace reverie::ui
