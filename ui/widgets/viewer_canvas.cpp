// SPDX-License-Identifier: MIT
#include "ui/widgets/viewer_canvas.h"

#include "ui/widgets/theme.h"

#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace reverie::ui {

namespace {

constexpr double largest_zoom = 64, smallest_zoom = 0.02;
constexpr double margin = 24, handle = 10;
constexpr double largest_fit = 12; ///< a tiny picture need not fill the screen

} // namespace

ViewerCanvas::ViewerCanvas(QWidget* parent)
    : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(160, 120);
    setAccessibleName(tr("Large picture"));
}

void ViewerCanvas::show(const QImage& image, const QString& description)
{
    if (image.size() != m_image.size())
        fit();
    m_image = image;
    setAccessibleDescription(description);
    update();
}

void ViewerCanvas::compareWith(const QImage& image, Compare mode)
{
    m_other = image;
    m_compare = mode;
    update();
}

QRectF ViewerCanvas::room(int pane) const
{
    const QRectF all = QRectF(rect()).adjusted(margin, margin, -margin, -margin);
    if (compare() != Compare::SideBySide)
        return all;
    const double width = (all.width() - margin / 2) / 2;
    return { all.x() + pane * (width + margin / 2), all.y(), width, all.height() };
}

double ViewerCanvas::fittingZoom() const
{
    if (m_image.isNull())
        return 1;
    const QSizeF size = room(0).size() * devicePixelRatioF();
    return std::clamp(std::min(size.width() / m_image.width(), size.height() / m_image.height()),
                      smallest_zoom, largest_fit * devicePixelRatioF());
}

double ViewerCanvas::zoom() const
{
    return m_zoom > 0 ? m_zoom : fittingZoom();
}

QRectF ViewerCanvas::target(const QRectF& room) const
{
    const QSizeF size = QSizeF(m_image.size()) * zoom() / devicePixelRatioF();
    const QPointF corner = room.center() - QPointF(size.width() * m_centre.x(), size.height() * m_centre.y());
    return { corner, size };
}

void ViewerCanvas::fit()
{
    m_zoom = 0;
    m_centre = { 0.5, 0.5 };
    update();
    Q_EMIT zoomChanged();
}

void ViewerCanvas::actualSize()
{
    zoomTo(1, rect().center());
}

void ViewerCanvas::zoomBy(double factor)
{
    zoomTo(zoom() * factor, rect().center());
}

void ViewerCanvas::zoomTo(double zoom, const QPointF& about)
{
    if (m_image.isNull())
        return;
    const QRectF before = target(room(0));
    const QPointF inside((about.x() - before.x()) / before.width(),
                         (about.y() - before.y()) / before.height());
    m_zoom = std::clamp(zoom, smallest_zoom, largest_zoom);
    const QSizeF size = QSizeF(m_image.size()) * m_zoom / devicePixelRatioF();
    const QPointF off = about - room(0).center();
    m_centre = inside - QPointF(off.x() / size.width(), off.y() / size.height());
    keepCentre();
    update();
    Q_EMIT zoomChanged();
}

/// What fits is centred, and what does not never leaves the view.
void ViewerCanvas::keepCentre()
{
    const QSizeF size = QSizeF(m_image.size()) * zoom() / devicePixelRatioF();
    const QSizeF view = room(0).size();
    const auto kept = [](double centre, double size, double view) {
        const double half = view / size / 2;
        return half >= 0.5 ? 0.5 : std::clamp(centre, half, 1 - half);
    };
    m_centre = { kept(m_centre.x(), size.width(), view.width()),
                 kept(m_centre.y(), size.height(), view.height()) };
}

void ViewerCanvas::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    if (m_image.isNull())
        return;
    const Colours& colours = Theme::instance().colours();
    // Blurred while it is scaled a little, squares once its pixels are worth looking at.
    painter.setRenderHint(QPainter::SmoothPixmapTransform, zoom() < 12.01);
    const QRectF first = target(room(0));
    if (compare() == Compare::SideBySide) {
        for (int pane = 0; pane < 2; ++pane) {
            painter.setClipRect(room(pane));
            painter.drawImage(target(room(pane)), pane == 0 ? m_image : m_other);
        }
        return;
    }
    painter.drawImage(first, m_image);
    if (compare() != Compare::Slider)
        return;
    const double x = first.x() + m_split * first.width();
    painter.setClipRect(QRectF(x, 0, width() - x, height()));
    painter.drawImage(first, m_other);
    painter.setClipping(false);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colours.accent, 2));
    painter.drawLine(QPointF(x, first.top()), QPointF(x, first.bottom()));
    painter.setBrush(colours.accent);
    painter.drawEllipse(QPointF(x, first.center().y()), handle, handle);
}

void ViewerCanvas::wheelEvent(QWheelEvent* event)
{
    zoomTo(zoom() * std::pow(1.2, event->angleDelta().y() / 120.0), event->position());
    event->accept();
}

void ViewerCanvas::mousePressEvent(QMouseEvent* event)
{
    m_last = event->position();
    const QRectF picture = target(room(0));
    const double x = picture.x() + m_split * picture.width();
    m_splitting = compare() == Compare::Slider && std::abs(event->position().x() - x) <= handle * 1.5;
    m_dragging = !m_splitting && event->button() == Qt::LeftButton;
    setCursor(m_splitting ? Qt::SplitHCursor : Qt::ClosedHandCursor);
}

void ViewerCanvas::mouseMoveEvent(QMouseEvent* event)
{
    if (m_splitting)
        moveSplit(event->position());
    if (!m_dragging || m_image.isNull())
        return;
    const QPointF by = event->position() - m_last;
    m_last = event->position();
    const QSizeF size = target(room(0)).size();
    m_centre -= QPointF(by.x() / size.width(), by.y() / size.height());
    keepCentre();
    update();
}

void ViewerCanvas::mouseReleaseEvent(QMouseEvent*)
{
    m_dragging = m_splitting = false;
    unsetCursor();
}

void ViewerCanvas::mouseDoubleClickEvent(QMouseEvent* event)
{
    isFit() ? zoomTo(std::max(1.0, fittingZoom() * 2), event->position()) : fit();
}

void ViewerCanvas::moveSplit(const QPointF& to)
{
    const QRectF picture = target(room(0));
    m_split = std::clamp((to.x() - picture.x()) / picture.width(), 0.0, 1.0);
    update();
}

void ViewerCanvas::resizeEvent(QResizeEvent*)
{
    keepCentre();
    Q_EMIT zoomChanged();
}

} // namespace reverie::ui
