// SPDX-License-Identifier: MIT
#include "ui/widgets/picture_view.h"

#include "ui/widgets/painting.h"
#include "ui/widgets/theme.h"

#include <QAction>
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
    , m_pick(new QAction(tr("&Pick, or No Longer"), this))
{
    m_pick->setShortcut(Qt::Key_Space);
    m_pick->setShortcutContext(Qt::WidgetShortcut);
    m_pick->setVisible(false);
    addAction(m_pick);
    connect(m_pick, &QAction::triggered, this, [this] {
        if (count() > 0)
            Q_EMIT pickToggled(m_current);
    });
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

void PictureView::setBoard(std::set<int> picks, std::set<int> finished)
{
    m_isBoard = true;
    m_pick->setVisible(true);
    m_picks = std::move(picks);
    m_finished = std::move(finished);
    setAccessibleDescription(tr("Candidate %1 of %2, %3")
                                 .arg(m_current + 1)
                                 .arg(count())
                                 .arg(m_picks.contains(m_current)          ? tr("picked")
                                          : m_finished.contains(m_current) ? tr("drawn to the end")
                                                                           : tr("not picked")));
    update();
}

void PictureView::leaveBoard()
{
    m_isBoard = false;
    m_pick->setVisible(false);
    m_picks.clear();
    m_finished.clear();
}

/// As many as make the pictures largest in the room there is; on a board always the same, so that none moves.
int PictureView::columns() const
{
    if (m_isBoard)
        return std::max(1, static_cast<int>(std::ceil(std::sqrt(count()))));
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
        if (m_isBoard && (m_picks.contains(i) || m_finished.contains(i)))
            paintMark(painter, target, m_picks.contains(i));
        const bool marked = (count() > 1 && i == m_current) || (count() == 1 && hasFocus());
        if (!marked)
            continue;
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(Theme::instance().colours().accent, hasFocus() ? 2.5 : 1.5));
        painter.drawRoundedRect(target.adjusted(-3, -3, 3, 3), radius + 3, radius + 3);
    }
}

/// A tick in the corner: filled for what is picked, an outline for what is drawn to the end.
void PictureView::paintMark(QPainter& painter, const QRectF& target, bool picked) const
{
    const Colours& colours = Theme::instance().colours();
    const qreal size = std::clamp(target.width() / 4, 12.0, 22.0);
    const QRectF disc(target.right() - size - 3, target.top() + 3, size, size);
    painter.setPen(QPen(picked ? colours.surface : colours.accent, 1.5));
    painter.setBrush(picked ? colours.accent : colours.surface);
    painter.drawEllipse(disc);
    painter.setPen(QPen(picked ? colours.onAccent : colours.accent, size / 9, Qt::SolidLine, Qt::RoundCap,
                        Qt::RoundJoin));
    const auto at
        = [&disc](qreal x, qreal y) { return disc.topLeft() + QPointF(x * disc.width(), y * disc.height()); };
    painter.setBrush(Qt::NoBrush);
    painter.drawPolyline(QPolygonF({ at(0.28, 0.52), at(0.44, 0.68), at(0.73, 0.35) }));
    if (!picked)
        return;
    painter.setPen(QPen(colours.accent, 2.5));
    const qreal radius = std::min(corner, target.width() / 12);
    painter.drawRoundedRect(target.adjusted(-1, -1, 1, 1), radius, radius);
}

void PictureView::mousePressEvent(QMouseEvent* event)
{
    m_pressed = event->pos();
    const int index = cellAt(event->position());
    if (index < 0)
        return;
    setCurrent(index);
    if (m_isBoard && event->button() == Qt::LeftButton)
        Q_EMIT pickToggled(index);
}

void PictureView::mouseMoveEvent(QMouseEvent* event)
{
    const bool far = (event->pos() - m_pressed).manhattanLength() >= QApplication::startDragDistance();
    if (!event->buttons().testFlag(Qt::LeftButton) || !far || m_isBoard)
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
