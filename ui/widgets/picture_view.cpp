// SPDX-License-Identifier: MIT
#include "ui/widgets/picture_view.h"

#include "ui/widgets/painting.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace reverie::ui {

namespace {

constexpr qreal margin = 24;
constexpr qreal gap = 12;
constexpr qreal largest = 768;
constexpr qreal corner = 10;

} // namespace

PictureView::PictureView(QWidget* parent)
    : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(200, 160);
    setAccessibleName(tr("Picture"));
}

void PictureView::show(std::vector<QImage> images, int current)
{
    m_images = std::move(images);
    m_current = std::clamp(current, 0, std::max(0, count() - 1));
    update();
}

void PictureView::setDescription(const QString& text)
{
    setAccessibleDescription(text);
}

/// As many as make the pictures largest in the room there is.
int PictureView::columns() const
{
    int best = 1;
    qreal bestSide = 0;
    for (int columns = 1; columns <= count(); ++columns) {
        const int rows = (count() + columns - 1) / columns;
        const qreal side = std::min((width() - 2 * margin - (columns - 1) * gap) / columns,
                                    (height() - 2 * margin - (rows - 1) * gap) / rows);
        if (side > bestSide) {
            bestSide = side;
            best = columns;
        }
    }
    return best;
}

QRectF PictureView::cell(int index) const
{
    const int across = columns(), down = (count() + across - 1) / across;
    const qreal room = std::min((width() - 2 * margin - (across - 1) * gap) / across,
                                (height() - 2 * margin - (down - 1) * gap) / down);
    const qreal side = std::floor(std::clamp(room, 16.0, largest));
    const qreal left = (width() - across * side - (across - 1) * gap) / 2;
    const qreal top = (height() - down * side - (down - 1) * gap) / 2;
    const QPointF corner(left + (index % across) * (side + gap), top + (index / across) * (side + gap));
    return { QPointF(std::floor(corner.x()), std::floor(corner.y())), QSizeF(side, side) };
}

int PictureView::cellAt(const QPointF& point) const
{
    for (int i = 0; i < count(); ++i)
        if (cell(i).contains(point))
            return i;
    return -1;
}

void PictureView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    for (int i = 0; i < count(); ++i) {
        const QRectF target = cell(i);
        const qreal radius = std::min(corner, target.width() / 12);
        if (m_images[i].isNull())
            paintPlaceholder(painter, target, radius);
        else
            paintPicture(painter, target, m_images[i], radius, Enlarge::Smoothly);
        const bool marked = (count() > 1 && i == m_current) || (count() == 1 && hasFocus());
        if (!marked)
            continue;
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(Theme::instance().colours().accent, hasFocus() ? 2.5 : 1.5));
        painter.drawRoundedRect(target.adjusted(-3, -3, 3, 3), radius + 3, radius + 3);
    }
}

void PictureView::mousePressEvent(QMouseEvent* event)
{
    m_pressed = event->pos();
    if (const int index = cellAt(event->position()); index >= 0)
        setCurrent(index);
}

void PictureView::mouseMoveEvent(QMouseEvent* event)
{
    const bool far = (event->pos() - m_pressed).manhattanLength() >= QApplication::startDragDistance();
    if (!event->buttons().testFlag(Qt::LeftButton) || !far)
        return;
    if (const int index = cellAt(m_pressed); index >= 0)
        Q_EMIT dragStarted(index);
}

void PictureView::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (const int index = cellAt(event->position()); index >= 0)
        Q_EMIT opened(index);
}

void PictureView::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left:
        setCurrent(m_current - 1);
        break;
    case Qt::Key_Right:
        setCurrent(m_current + 1);
        break;
    case Qt::Key_Up:
        setCurrent(m_current - columns());
        break;
    case Qt::Key_Down:
        setCurrent(m_current + columns());
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (event->modifiers() == Qt::NoModifier && count() > 0) {
            Q_EMIT opened(m_current);
            break;
        }
        [[fallthrough]];
    default:
        QWidget::keyPressEvent(event);
    }
}

void PictureView::setCurrent(int index)
{
    if (index < 0 || index >= count() || index == m_current)
        return;
    m_current = index;
    update();
    Q_EMIT currentChanged(index);
}

} // namespace reverie::ui
