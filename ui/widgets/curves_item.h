// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/chart_query.h"
#include "ui/session/chart_ticks.h"

#include <QColor>
#include <QGraphicsItem>

namespace reverie::ui {

/// The curves, marks and the cursor in the plot of a chart. Painted by itself rather than as Qt's series:
/// these draw the same twenty thousand points several times slower, and know no gaps.
class CurvesItem : public QGraphicsItem
{
public:
    struct Look {
        QColor colour;
        bool sparse = false; ///< points are marked
        bool dashed = false;
        bool hidden = false;
    };

    explicit CurvesItem(QGraphicsItem* parent);

    /// Where the plot is, in the parent's coordinates, and which places on the axes its edges are.
    void setPlot(const QRectF& plot, const Extent& x, const Extent& y);
    void setCurves(const ChartCurves& chart, const QList<Look>& looks);
    void setMarks(const QList<ChartMark>& marks);
    /// A place on the x axis; none: no cursor.
    void setCursorAt(std::optional<double> place);
    /// Lines across, at those places.
    void setGrid(const QList<Tick>& ticks) { m_grid = ticks; }
    void setEmptyText(const QString& text);
    /// Plain lines, while the picture moves.
    void setMoving(bool moving) { m_moving = moving; }
    /// The mark under that point, in the parent's coordinates; -1 if there is none.
    [[nodiscard]] int markAt(const QPointF& point) const;
    [[nodiscard]] QPointF markCentre(int index) const;
    [[nodiscard]] QPointF toPlot(const QPointF& place) const;

    QRectF boundingRect() const override { return m_plot; }
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

private:
    void paintGrid(QPainter& painter) const;
    void paintLine(QPainter& painter, const QList<QPointF>& points, const QPen& pen);
    void paintDots(QPainter& painter, const QList<QPointF>& points, const QColor& colour);
    void paintMarks(QPainter& painter) const;
    void paintCursor(QPainter& painter) const;

    QRectF m_plot;
    Extent m_x, m_y;
    QList<ChartCurve> m_curves;
    QList<Look> m_looks;
    QList<ChartMark> m_marks;
    std::optional<double> m_cursor;
    QList<Tick> m_grid;
    QString m_emptyText;
    QPolygonF m_line; ///< kept for its memory
    bool m_logY = false;
    bool m_moving = false;
};

} // namespace reverie::ui
