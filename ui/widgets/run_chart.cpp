// SPDX-License-Identifier: MIT
#include "ui/widgets/run_chart.h"

#include "ui/widgets/theme.h"

#include <QCategoryAxis>
#include <QChart>
#include <QGraphicsLayout>
#include <QLineSeries>
#include <QMouseEvent>
#include <QToolTip>

namespace reverie::ui {

namespace {

constexpr double wheel_zoom = 1.2; ///< a notch
constexpr int still_ms = 150;
constexpr int pixels_a_tick_x = 90, pixels_a_tick_y = 30;

QChart* emptyChart()
{
    auto* chart = new QChart;
    chart->legend()->hide();
    chart->setMargins({ 0, 4, 20, 0 });
    chart->layout()->setContentsMargins(0, 0, 0, 0);
    chart->setBackgroundRoundness(0);
    chart->setBackgroundVisible(false);
    return chart;
}

} // namespace

RunChart::RunChart(QWidget* parent)
    : QChartView(emptyChart(), parent)
    , m_axisX(new QCategoryAxis)
    , m_axisY(new QCategoryAxis)
    , m_item(new CurvesItem(chart()))
{
    auto* carrier = new QLineSeries; // axes show only with a series
    chart()->addSeries(carrier);
    chart()->addAxis(m_axisX, Qt::AlignBottom);
    chart()->addAxis(m_axisY, Qt::AlignLeft);
    carrier->attachAxis(m_axisX);
    carrier->attachAxis(m_axisY);
    for (auto* axis : { m_axisX, m_axisY }) {
        axis->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
        axis->setTruncateLabels(false);
        axis->setRange(0, 1);
        axis->setLineVisible(false); // the item draws them: an axis of categories has lines at its ends, too
        axis->setGridLineVisible(false);
    }
    setFrameShape(QFrame::NoFrame);
    setBackgroundBrush(Qt::NoBrush);
    setViewportUpdateMode(FullViewportUpdate);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    viewport()->setMouseTracking(true);
    m_still.setSingleShot(true);
    m_still.setInterval(still_ms);
    connect(&m_still, &QTimer::timeout, this, [this] {
        m_item->setMoving(false);
        m_item->update();
    });
    connect(chart(), &QChart::plotAreaChanged, this,
            [this] { m_item->setPlot(chart()->plotArea(), m_x, m_y); });
    connect(&Theme::instance(), &Theme::changed, this, &RunChart::dress);
    dress();
}

void RunChart::dress()
{
    const auto& colours = Theme::instance().colours();
    QFont font = this->font();
    font.setPixelSize(11);
    for (auto* axis : { m_axisX, m_axisY }) {
        axis->setLabelsColor(colours.muted);
        axis->setLabelsFont(font);
    }
    m_item->update();
}

void RunChart::setCurves(const CurveSet& set, const ChartCurves& chart, const QList<CurvesItem::Look>& looks)
{
    m_kind = set.query.x;
    if (m_logX != set.query.logX || m_logY != chart.logY)
        m_chosenY.reset();
    m_logX = set.query.logX;
    m_logY = chart.logY;
    m_curvesY = chart.y;
    m_item->setCurves(chart, looks);
    m_x = set.shown;
    showY();
    layOut();
}

/// The curves' own range with some air, unless somebody zoomed.
void RunChart::showY()
{
    if (m_chosenY) {
        m_y = *m_chosenY;
        return;
    }
    m_y = m_curvesY;
    if (m_y.isEmpty())
        m_y = { 0, 1 };
    const double air = m_y.size() > 1e-9 * std::abs(m_y.high) ? m_y.size() * 0.08
        : m_logY                                              ? 0.3
                                                              : std::max(std::abs(m_y.high) * 0.3, 1e-12);
    const bool fromZero = !m_logY && m_y.low >= 0 && m_y.low < m_y.size() * 0.25;
    m_y = { fromZero ? 0 : m_y.low - air, m_y.high + air };
}

void RunChart::setMarks(const QList<ChartMark>& marks)
{
    m_marks = marks;
    m_item->setMarks(marks);
}

void RunChart::setShownX(const Extent& x)
{
    if (x == m_x)
        return;
    beginMoving();
    m_x = x;
    layOut();
}

void RunChart::setCursorAt(std::optional<double> x)
{
    m_cursor = x;
    m_item->setCursorAt(x ? std::optional(toAxis(*x, m_logX)) : std::nullopt);
}

void RunChart::layOut()
{
    const bool isEmpty = m_x.isEmpty() || m_x.size() <= 0;
    const Extent x
        = isEmpty ? Extent{ m_x.isEmpty() ? 0 : m_x.low - 0.5, m_x.isEmpty() ? 1 : m_x.low + 0.5 } : m_x;
    m_axisX->setRange(x.low, x.high);
    m_axisY->setRange(m_y.low, m_y.high);
    const auto plot = chart()->plotArea();
    const int across = std::max(2, int(plot.width()) / pixels_a_tick_x);
    const int up = std::clamp(int(plot.height()) / pixels_a_tick_y, 2, 8);
    setTicks(*m_axisX, m_ticksX,
             m_kind == ChartX::Time ? timeTicks(x, m_logX, across) : numberTicks(x, m_logX, across));
    setTicks(*m_axisY, m_ticksY, numberTicks(m_y, m_logY, up));
    m_item->setPlot(chart()->plotArea(), x, m_y);
    m_item->setGrid(m_ticksY);
}

void RunChart::setTicks(QCategoryAxis& axis, QList<Tick>& shown, const QList<Tick>& ticks)
{
    if (ticks == shown)
        return;
    for (const auto& label : axis.categoriesLabels())
        axis.remove(label);
    axis.setStartValue(ticks.isEmpty() ? 0 : ticks.first().place - 1);
    for (const auto& tick : ticks)
        axis.append(tick.label, tick.place);
    shown = ticks;
}

QPointF RunChart::placeAt(const QPointF& point) const
{
    const auto plot = chart()->plotArea();
    const auto in = chart()->mapFromScene(mapToScene(point.toPoint()));
    return { m_x.low + (in.x() - plot.left()) / plot.width() * m_x.size(),
             m_y.low + (plot.bottom() - in.y()) / plot.height() * m_y.size() };
}

QPointF RunChart::pointOf(const QPointF& place) const
{
    return mapFromScene(chart()->mapToScene(m_item->toPlot(place)));
}

QPointF RunChart::markPoint(int index) const
{
    return mapFromScene(chart()->mapToScene(m_item->markCentre(index)));
}

void RunChart::paintInto(QPainter& painter, const QRectF& target)
{
    scene()->render(&painter, target, scene()->sceneRect(), Qt::IgnoreAspectRatio);
}

void RunChart::beginMoving()
{
    m_item->setMoving(true);
    m_still.start();
}

void RunChart::zoomX(double factor, double around)
{
    beginMoving();
    Q_EMIT shownXWanted({ around + (m_x.low - around) / factor, around + (m_x.high - around) / factor });
}

void RunChart::zoomY(double factor, double around)
{
    m_chosenY = Extent{ around + (m_y.low - around) / factor, around + (m_y.high - around) / factor };
    showY();
    layOut();
}

void RunChart::panBy(const QPointF& pixels)
{
    const auto plot = chart()->plotArea();
    if (m_chosenY && pixels.y() != 0) {
        const double up = pixels.y() / plot.height() * m_y.size();
        m_chosenY = Extent{ m_y.low + up, m_y.high + up };
        showY();
        layOut();
    }
    const double by = -pixels.x() / plot.width() * m_x.size();
    if (by != 0)
        Q_EMIT shownXWanted({ m_x.low + by, m_x.high + by });
}

void RunChart::moveCursor(int pixels)
{
    const auto plot = chart()->plotArea();
    const double place = m_cursor ? toAxis(*m_cursor, m_logX) : (m_x.low + m_x.high) / 2;
    Q_EMIT cursorWanted(
        fromAxis(std::clamp(place + pixels / plot.width() * m_x.size(), m_x.low, m_x.high), m_logX));
}

void RunChart::resizeEvent(QResizeEvent* event)
{
    QChartView::resizeEvent(event);
    layOut();
}

void RunChart::wheelEvent(QWheelEvent* event)
{
    const double factor = std::pow(wheel_zoom, event->angleDelta().y() / 120.0);
    const auto place = placeAt(event->position());
    if (event->modifiers() & Qt::ControlModifier)
        zoomY(factor, place.y());
    else
        zoomX(factor, place.x());
    event->accept();
}

void RunChart::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    m_pressed = m_dragged = event->position();
    m_dragging = true;
}

void RunChart::mouseMoveEvent(QMouseEvent* event)
{
    const auto point = event->position();
    if (m_dragging && (event->buttons() & Qt::LeftButton)) {
        viewport()->setCursor(Qt::ClosedHandCursor);
        const auto by = point - m_dragged;
        m_dragged = point;
        panBy(by);
        return;
    }
    const auto in = chart()->mapFromScene(mapToScene(point.toPoint()));
    viewport()->setCursor(m_item->markAt(in) >= 0 ? Qt::PointingHandCursor : Qt::CrossCursor);
    const bool inPlot = chart()->plotArea().contains(in) && !m_x.isEmpty();
    Q_EMIT cursorWanted(inPlot ? std::optional(fromAxis(placeAt(point).x(), m_logX)) : std::nullopt);
}

void RunChart::mouseReleaseEvent(QMouseEvent* event)
{
    m_dragging = false;
    viewport()->setCursor(Qt::CrossCursor);
    const auto in = chart()->mapFromScene(mapToScene(event->position().toPoint()));
    if (const int mark = m_item->markAt(in);
        mark >= 0 && (event->position() - m_pressed).manhattanLength() < 4)
        Q_EMIT markChosen(mark);
}

void RunChart::mouseDoubleClickEvent(QMouseEvent*)
{
    m_chosenY.reset();
    showY();
    layOut();
    Q_EMIT allWanted();
}

void RunChart::keyPressEvent(QKeyEvent* event)
{
    const bool withControl = event->modifiers() & Qt::ControlModifier;
    const auto plot = chart()->plotArea();
    const double middle = (m_x.low + m_x.high) / 2, middleY = (m_y.low + m_y.high) / 2;
    switch (event->key()) {
    case Qt::Key_Left:
        withControl ? moveCursor(-8) : panBy({ plot.width() / 10, 0 });
        break;
    case Qt::Key_Right:
        withControl ? moveCursor(8) : panBy({ -plot.width() / 10, 0 });
        break;
    case Qt::Key_Up:
        panBy({ 0, plot.height() / 10 });
        break;
    case Qt::Key_Down:
        panBy({ 0, -plot.height() / 10 });
        break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        withControl ? zoomY(wheel_zoom * wheel_zoom, middleY) : zoomX(wheel_zoom * wheel_zoom, middle);
        break;
    case Qt::Key_Minus:
        withControl ? zoomY(1 / wheel_zoom / wheel_zoom, middleY)
                    : zoomX(1 / wheel_zoom / wheel_zoom, middle);
        break;
    case Qt::Key_0:
    case Qt::Key_Home:
        mouseDoubleClickEvent(nullptr);
        break;
    default:
        QChartView::keyPressEvent(event);
    }
}

void RunChart::leaveEvent(QEvent* event)
{
    Q_EMIT cursorWanted(std::nullopt);
    QChartView::leaveEvent(event);
}

bool RunChart::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::Leave)
        Q_EMIT cursorWanted(std::nullopt);
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event); // NOLINT: what that type says
        const int mark = m_item->markAt(chart()->mapFromScene(mapToScene(help->pos())));
        if (mark >= 0)
            QToolTip::showText(help->globalPos(),
                               m_marks[mark].text + QLatin1Char('\n') + m_marks[mark].advice, this);
        else
            QToolTip::hideText();
        return true;
    }
    return QChartView::viewportEvent(event);
}

void RunChart::focusInEvent(QFocusEvent* event)
{
    QChartView::focusInEvent(event);
    parentWidget()->update();
}

void RunChart::focusOutEvent(QFocusEvent* event)
{
    QChartView::focusOutEvent(event);
    parentWidget()->update();
}

} // namespace reverie::ui
