// SPDX-License-Identifier: MIT
#include "ui/widgets/curves_item.h"

#include "ui/widgets/theme.h"

#include <QFontMetricsF>
#include <QPainter>

namespace reverie::ui {

namespace {

constexpr qreal mark_radius = 8, dot_radius = 4;
constexpr int faint_alpha = 80, fainter_alpha = 48;
constexpr qsizetype many_curves = 4;
constexpr qreal busy_height = 12; ///< pixels up and down in a column

/// A colour that lets through, as it looks on a card: opaque lines of single pixels are the quickest there
/// are.
QColor onSurface(const QColor& colour)
{
    const auto& surface = Theme::instance().colours().surface;
    const auto mixed = [&](int own, int behind) { return behind + (own - behind) * colour.alpha() / 255; };
    return { mixed(colour.red(), surface.red()), mixed(colour.green(), surface.green()),
             mixed(colour.blue(), surface.blue()) };
}

} // namespace

CurvesItem::CurvesItem(QGraphicsItem* parent)
    : QGraphicsItem(parent)
{
    setZValue(10);
    setAcceptedMouseButtons({});
}

void CurvesItem::setPlot(const QRectF& plot, const Extent& x, const Extent& y)
{
    prepareGeometryChange();
    m_plot = plot;
    m_x = x;
    m_y = y;
}

void CurvesItem::setCurves(const ChartCurves& chart, const QList<Look>& looks)
{
    m_curves = chart.curves;
    m_logY = chart.logY;
    m_looks = looks;
    update();
}

void CurvesItem::setMarks(const QList<ChartMark>& marks)
{
    m_marks = marks;
    update();
}

void CurvesItem::setCursorAt(std::optional<double> place)
{
    m_cursor = place;
    update();
}

void CurvesItem::setEmptyText(const QString& text)
{
    m_emptyText = text;
    update();
}

QPointF CurvesItem::toPlot(const QPointF& place) const
{
    return { m_plot.left() + (place.x() - m_x.low) / m_x.size() * m_plot.width(),
             m_plot.bottom() - (place.y() - m_y.low) / m_y.size() * m_plot.height() };
}

QPointF CurvesItem::markCentre(int index) const
{
    const auto& mark = m_marks.at(index);
    auto centre = toPlot({ mark.at.x(), std::isfinite(mark.at.y()) ? mark.at.y() : m_y.high });
    centre.setY(std::clamp(centre.y(), m_plot.top() + mark_radius + 2, m_plot.bottom() - mark_radius - 2));
    return centre;
}

int CurvesItem::markAt(const QPointF& point) const
{
    for (int i = int(m_marks.size()) - 1; i >= 0; --i)
        if (QLineF(markCentre(i), point).length() <= mark_radius + 2)
            return i;
    return -1;
}

void CurvesItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*)
{
    const bool isEmpty = std::all_of(m_curves.begin(), m_curves.end(),
                                     [](const ChartCurve& curve) { return curve.points.isEmpty(); });
    if (isEmpty || m_x.isEmpty() || m_y.isEmpty()) {
        painter->setPen(Theme::instance().colours().muted);
        painter->drawText(m_plot, Qt::AlignCenter | Qt::TextWordWrap, m_emptyText);
        return;
    }
    constexpr qreal edge = dot_radius + 1;
    paintGrid(*painter);
    painter->setClipRect(m_plot);
    for (qsizetype i = 0; i < m_curves.size(); ++i) { // behind all that is smooth
        auto faint = m_looks[i].colour;
        faint.setAlpha(m_curves.size() > many_curves ? fainter_alpha : faint_alpha);
        if (!m_looks[i].hidden && !m_curves[i].smooth.isEmpty())
            paintLine(*painter, m_curves[i].points, QPen(faint, 1));
    }
    for (qsizetype i = 0; i < m_curves.size(); ++i) {
        const auto& curve = m_curves[i];
        const auto& look = m_looks[i];
        if (look.hidden)
            continue;
        const bool isSmooth = !curve.smooth.isEmpty();
        paintLine(*painter, isSmooth ? curve.smooth : curve.points,
                  QPen(look.colour, isSmooth ? 2 : 1.5, look.dashed ? Qt::DashLine : Qt::SolidLine,
                       Qt::RoundCap, Qt::BevelJoin));
        if (!look.sparse && curve.points.size() != 1)
            continue;
        painter->setClipRect(m_plot.marginsAdded({ edge, edge, edge, edge })); // whole ones at the ends
        paintDots(*painter, curve.points, look.colour);
        painter->setClipRect(m_plot);
    }
    painter->setRenderHint(QPainter::Antialiasing);
    constexpr qreal markEdge = mark_radius + 1;
    painter->setClipRect(m_plot.marginsAdded({ markEdge, 0, markEdge, 0 }));
    paintMarks(*painter);
    painter->setClipRect(m_plot);
    paintCursor(*painter);
}

void CurvesItem::paintGrid(QPainter& painter) const
{
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(QPen(Theme::instance().colours().border, 1));
    painter.drawLine(m_plot.bottomLeft(), m_plot.bottomRight());
    for (const auto& tick : m_grid) {
        const double y = toPlot({ m_x.low, tick.place }).y();
        if (y >= m_plot.top() && y <= m_plot.bottom())
            painter.drawLine(QPointF(m_plot.left(), y), QPointF(m_plot.right(), y));
    }
}

/// A line that goes up and down all the time is painted as one of single pixels: it looks the same, and
/// smoothing its edges takes Qt a hundred times longer.
void CurvesItem::paintLine(QPainter& painter, const QList<QPointF>& points, const QPen& pen)
{
    m_line.clear();
    qreal height = 0;
    for (const auto& point : points) {
        m_line.append(toPlot(point));
        height += m_line.size() > 1 ? std::abs(m_line.last().y() - m_line[m_line.size() - 2].y()) : 0;
    }
    const bool plain = m_moving || height > busy_height * m_plot.width();
    painter.setRenderHint(QPainter::Antialiasing, !plain);
    painter.setPen(plain ? QPen(onSurface(pen.color()), 0) : pen);
    painter.setBrush(Qt::NoBrush);
    painter.drawPolyline(m_line);
}

void CurvesItem::paintDots(QPainter& painter, const QList<QPointF>& points, const QColor& colour)
{
    if (points.size() > m_plot.width() / 8)
        return;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(Theme::instance().colours().surface, 1.5));
    painter.setBrush(colour);
    for (const auto& point : points)
        painter.drawEllipse(toPlot(point), dot_radius, dot_radius);
}

void CurvesItem::paintMarks(QPainter& painter) const
{
    const auto& colours = Theme::instance().colours();
    auto font = painter.font();
    font.setPixelSize(11);
    font.setBold(true);
    painter.setFont(font);
    for (int i = 0; i < m_marks.size(); ++i) {
        if (!std::isfinite(m_marks[i].at.x()))
            continue;
        const auto centre = markCentre(i);
        if (centre.x() < m_plot.left() - mark_radius || centre.x() > m_plot.right() + mark_radius)
            continue;
        auto line = colours.danger;
        line.setAlpha(130);
        painter.setPen(QPen(line, 1, Qt::DashLine));
        painter.drawLine(QPointF(centre.x(), m_plot.top()), QPointF(centre.x(), m_plot.bottom()));
        painter.setPen(QPen(colours.surface, 2));
        painter.setBrush(colours.danger);
        painter.drawEllipse(centre, mark_radius, mark_radius);
        painter.setPen(colours.surface);
        painter.drawText(
            QRectF(centre.x() - mark_radius, centre.y() - mark_radius, 2 * mark_radius, 2 * mark_radius),
            Qt::AlignCenter, QString::number(i + 1));
    }
}

void CurvesItem::paintCursor(QPainter& painter) const
{
    if (!m_cursor)
        return;
    const auto& colours = Theme::instance().colours();
    const double x = toPlot({ *m_cursor, m_y.low }).x();
    painter.setPen(QPen(colours.muted, 1));
    painter.drawLine(QPointF(x, m_plot.top()), QPointF(x, m_plot.bottom()));
    for (qsizetype i = 0; i < m_curves.size(); ++i) {
        const auto& curve = m_curves[i];
        const double value = std::isfinite(curve.readSmooth) ? curve.readSmooth : curve.read;
        const double place = toAxis(value, m_logY);
        if (m_looks[i].hidden || !std::isfinite(place))
            continue;
        painter.setPen(QPen(colours.surface, 1.5));
        painter.setBrush(m_looks[i].colour);
        painter.drawEllipse(toPlot({ curve.readAt, place }), 4, 4);
    }
}

} // namespace reverie::ui
