// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/chart_query.h"
#include "ui/session/chart_ticks.h"
#include "ui/widgets/curves_item.h"

#include <QChartView>
#include <QTimer>

class QCategoryAxis;

namespace reverie::ui {

/// Curves over one x axis. The wheel zooms where the pointer is (with Ctrl: up and down), dragging pans, a
/// double click shows all; + - 0 and the arrow keys do the same, and Ctrl+Left and Ctrl+Right move the
/// cursor.
class RunChart : public QChartView
{
    Q_OBJECT
public:
    explicit RunChart(QWidget* parent = nullptr);

    void setCurves(const CurveSet& set, const ChartCurves& chart, const QList<CurvesItem::Look>& looks);
    void setMarks(const QList<ChartMark>& marks);
    /// Of all charts beside it: what part of x shows, in places on the axis.
    void setShownX(const Extent& x);
    /// In steps, seconds or pictures.
    void setCursorAt(std::optional<double> x);
    void setEmptyText(const QString& text) { m_item->setEmptyText(text); }
    [[nodiscard]] const Extent& shownX() const { return m_x; }
    [[nodiscard]] const Extent& shownY() const { return m_y; }
    /// Where a place on the axes is, in the widget.
    [[nodiscard]] QPointF pointOf(const QPointF& place) const;
    [[nodiscard]] QPointF markPoint(int index) const;
    void paintInto(QPainter& painter, const QRectF& target);

Q_SIGNALS:
    /// Somebody zooms or pans; in places on the axis.
    void shownXWanted(const reverie::ui::Extent& x);
    void allWanted();
    /// In steps, seconds or pictures.
    void cursorWanted(std::optional<double> x);
    void markChosen(int index);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void dress();
    void layOut();
    void showY();
    void setTicks(QCategoryAxis& axis, QList<Tick>& shown, const QList<Tick>& ticks);
    void zoomX(double factor, double around);
    void zoomY(double factor, double around);
    void panBy(const QPointF& pixels);
    void moveCursor(int pixels);
    void beginMoving();
    [[nodiscard]] QPointF placeAt(const QPointF& point) const;

    QCategoryAxis* m_axisX;
    QCategoryAxis* m_axisY;
    CurvesItem* m_item;
    QList<Tick> m_ticksX, m_ticksY;
    Extent m_x, m_y; ///< places on the axes at the edges
    Extent m_curvesY; ///< that shows the curves
    std::optional<Extent> m_chosenY; ///< by zooming
    QList<ChartMark> m_marks;
    std::optional<double> m_cursor;
    ChartX m_kind = ChartX::Steps;
    bool m_logX = false, m_logY = false;
    QPointF m_pressed, m_dragged; ///< where the button went down, and where the mouse was last
    bool m_dragging = false;
    QTimer m_still; ///< when it stands still again
};

} // namespace reverie::ui
