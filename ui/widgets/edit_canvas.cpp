// SPDX-License-Identifier: MIT
#include "ui/widgets/edit_canvas.h"

#include "ui/session/drawing.h"
#include "ui/widgets/painting.h"
#include "ui/widgets/theme.h"

#include <QAction>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <array>
#include <cmath>

namespace reverie::ui {

namespace {

constexpr qreal room = 36; ///< around what is shown, for dragging it larger
constexpr qreal largest = 768;
constexpr int most_shown = 1536; ///< pixels of a picture, and of what is painted on it, at twice that scale
constexpr qreal reach = 10; ///< how near to an edge the mouse takes hold of it
constexpr int key_step = 8;
constexpr int widest_frame = 4; ///< on each side, times the picture

int grown(int margin, int by, int side)
{
    return std::clamp(margin + by, 0, widest_frame * side);
}

} // namespace

EditCanvas::EditCanvas(QWidget* parent)
    : QWidget(parent)
{
    setObjectName(QStringLiteral("editCanvas"));
    setAccessibleName(tr("Picture to edit"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setMinimumSize(200, 160);
}

void EditCanvas::setEdit(PictureEdit* edit)
{
    m_edit = edit;
    m_image = toQImage(edit->picture.image);
    m_size = m_image.size();
    if (std::max(m_size.width(), m_size.height()) > most_shown)
        m_image = m_image.scaled(most_shown, most_shown, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    m_cursor = QPointF(m_size.width(), m_size.height()) / 2;
    m_hasCursor = false;
    m_stroking = false;
    m_dragged = {};
    refresh();
}

void EditCanvas::refresh()
{
    layOut();
    showMask();
    setCursor(paints() ? Qt::CrossCursor : Qt::ArrowCursor);
    update();
}

void EditCanvas::setBrush(int diameter)
{
    m_brush = diameter;
    update();
}

void EditCanvas::setMaskShown(bool shown)
{
    m_maskShown = shown;
    update();
}

QRectF EditCanvas::pictureRect() const
{
    return { m_origin, QSizeF(m_size) * m_scale };
}

QRectF EditCanvas::frameRect() const
{
    return pictureRect().marginsAdded(QMarginsF(m_edit->frame) * m_scale);
}

/// What is shown keeps its place while an edge is dragged.
void EditCanvas::layOut()
{
    if (!m_edit || m_image.isNull() || m_dragged)
        return;
    const QMarginsF frame = frames() ? QMarginsF(m_edit->frame) : QMarginsF();
    const QRectF shown = QRectF(QPointF(), m_size).marginsAdded(frame);
    const qreal space = frames() ? 2 * room : room;
    m_scale = std::min({ (width() - space) / shown.width(), (height() - space) / shown.height(),
                         largest / std::max(shown.width(), shown.height()) });
    m_scale = std::max(m_scale, 0.01);
    m_origin = QRectF(rect()).center() - shown.center() * m_scale;
    m_origin = { std::floor(m_origin.x()), std::floor(m_origin.y()) };
}

void EditCanvas::showMask()
{
    if (!paints())
        return;
    QImage share = m_edit->mask.feathered(m_stroking ? 0 : m_edit->feather, m_image.size());
    for (int y = 0; y < share.height() && !m_stroking; ++y) {
        uchar* line = share.scanLine(y);
        std::transform(line, line + share.width(), line,
                       [](uchar grey) { return static_cast<uchar>(grey > 127 ? 2 * grey - 255 : 0); });
    }
    m_overlay = QImage(share.size(), QImage::Format_RGB32);
    m_overlay.fill(Theme::instance().colours().accent);
    m_overlay.setAlphaChannel(share);
}

bool EditCanvas::event(QEvent* event)
{
    // Keys that mean something here mean nothing else, whatever shortcuts the window has.
    if (event->type() == QEvent::ShortcutOverride && actionOf(*static_cast<QKeyEvent*>(event))) {
        event->accept();
        return true;
    }
    return QWidget::event(event);
}

QAction* EditCanvas::actionOf(const QKeyEvent& event) const
{
    const auto modifiers
        = event.modifiers() & (Qt::ControlModifier | Qt::ShiftModifier | Qt::AltModifier | Qt::MetaModifier);
    const QKeySequence keys(QKeyCombination(modifiers, Qt::Key(event.key())));
    for (QAction* action : actions())
        if (action->shortcuts().contains(keys))
            return action;
    return nullptr;
}

void EditCanvas::resizeEvent(QResizeEvent*)
{
    layOut();
}

void EditCanvas::stroke(const QPointF& to)
{
    m_edit->mask.paint(m_stroking ? m_cursor : to, to, m_brush, m_erasing != m_rubbing);
    m_cursor = to;
    showMask();
    update();
}

void EditCanvas::mousePressEvent(QMouseEvent* event)
{
    const bool left = event->button() == Qt::LeftButton;
    if (frames() && left) {
        m_dragged = edgesAt(event->position());
    } else if (paints() && (left || event->button() == Qt::RightButton)) {
        m_rubbing = !left;
        m_edit->mask.beginStroke();
        stroke(onPicture(event->position()));
        m_stroking = true;
    }
}

void EditCanvas::mouseMoveEvent(QMouseEvent* event)
{
    m_hasCursor = true;
    if (m_dragged) {
        moveEdges(onPicture(event->position()));
    } else if (m_stroking) {
        stroke(onPicture(event->position()));
    } else {
        showCursor(event->position());
    }
}

void EditCanvas::mouseReleaseEvent(QMouseEvent*)
{
    if (!m_stroking && !m_dragged)
        return;
    m_stroking = m_rubbing = false;
    m_dragged = {};
    refresh();
    Q_EMIT edited();
}

void EditCanvas::leaveEvent(QEvent*)
{
    m_hasCursor = false;
    update();
}

void EditCanvas::showCursor(const QPointF& point)
{
    if (paints()) {
        m_cursor = onPicture(point);
        update();
        return;
    }
    const Qt::Edges edges = frames() ? edgesAt(point) : Qt::Edges();
    const bool across = edges & (Qt::LeftEdge | Qt::RightEdge), down = edges & (Qt::TopEdge | Qt::BottomEdge);
    const bool falling = edges == (Qt::LeftEdge | Qt::TopEdge) || edges == (Qt::RightEdge | Qt::BottomEdge);
    setCursor(across && down ? (falling ? Qt::SizeFDiagCursor : Qt::SizeBDiagCursor)
                  : across   ? Qt::SizeHorCursor
                  : down     ? Qt::SizeVerCursor
                             : Qt::ArrowCursor);
}

Qt::Edges EditCanvas::edgesAt(const QPointF& point) const
{
    const QRectF frame = frameRect();
    Qt::Edges edges;
    if (!frame.adjusted(-reach, -reach, reach, reach).contains(point))
        return edges;
    edges.setFlag(Qt::LeftEdge, std::abs(point.x() - frame.left()) <= reach);
    edges.setFlag(Qt::RightEdge, std::abs(point.x() - frame.right()) <= reach);
    edges.setFlag(Qt::TopEdge, std::abs(point.y() - frame.top()) <= reach);
    edges.setFlag(Qt::BottomEdge, std::abs(point.y() - frame.bottom()) <= reach);
    return edges;
}

void EditCanvas::moveEdges(const QPointF& to)
{
    QMargins& frame = m_edit->frame;
    const int width = m_size.width(), height = m_size.height();
    const int x = static_cast<int>(std::lround(to.x())), y = static_cast<int>(std::lround(to.y()));
    if (m_dragged & Qt::LeftEdge)
        frame.setLeft(grown(0, -x, width));
    if (m_dragged & Qt::RightEdge)
        frame.setRight(grown(0, x - width, width));
    if (m_dragged & Qt::TopEdge)
        frame.setTop(grown(0, -y, height));
    if (m_dragged & Qt::BottomEdge)
        frame.setBottom(grown(0, y - height, height));
    update();
    Q_EMIT edited();
}

void EditCanvas::stepEdge(Qt::Edge edge, int pixels)
{
    QMargins& frame = m_edit->frame;
    switch (edge) {
    case Qt::LeftEdge:
        frame.setLeft(grown(frame.left(), pixels, m_size.width()));
        break;
    case Qt::RightEdge:
        frame.setRight(grown(frame.right(), pixels, m_size.width()));
        break;
    case Qt::TopEdge:
        frame.setTop(grown(frame.top(), pixels, m_size.height()));
        break;
    case Qt::BottomEdge:
        frame.setBottom(grown(frame.bottom(), pixels, m_size.height()));
    }
    refresh();
    Q_EMIT edited();
}

void EditCanvas::moveBrush(const QPointF& by, bool painting)
{
    const QPointF to(std::clamp(m_cursor.x() + by.x(), 0., qreal(m_size.width())),
                     std::clamp(m_cursor.y() + by.y(), 0., qreal(m_size.height())));
    m_hasCursor = true;
    if (!painting) {
        m_cursor = to;
        update();
        return;
    }
    m_edit->mask.beginStroke();
    m_edit->mask.paint(m_cursor, to, m_brush, m_erasing);
    m_cursor = to;
    refresh();
    Q_EMIT edited();
}

void EditCanvas::wheelEvent(QWheelEvent* event)
{
    if (paints() && event->angleDelta().y() != 0)
        Q_EMIT brushStepped(event->angleDelta().y() > 0 ? 1 : -1);
}

void EditCanvas::keyPressEvent(QKeyEvent* event)
{
    if (QAction* action = actionOf(*event)) {
        action->trigger();
        return;
    }
    constexpr std::array<std::tuple<Qt::Key, int, int, Qt::Edge>, 4> arrows{
        { { Qt::Key_Left, -1, 0, Qt::LeftEdge },
          { Qt::Key_Right, 1, 0, Qt::RightEdge },
          { Qt::Key_Up, 0, -1, Qt::TopEdge },
          { Qt::Key_Down, 0, 1, Qt::BottomEdge } }
    };
    const bool shift = event->modifiers() & Qt::ShiftModifier;
    for (const auto& [key, x, y, edge] : arrows) {
        if (event->key() != key)
            continue;
        if (paints())
            moveBrush(QPointF(x, y) * std::max(1, m_brush / 4), shift);
        else if (frames())
            stepEdge(edge, shift ? -key_step : key_step);
        return;
    }
    if (event->key() == Qt::Key_Space && paints())
        moveBrush({}, /*painting=*/true);
    else
        QWidget::keyPressEvent(event);
}

void EditCanvas::paintEvent(QPaintEvent*)
{
    if (!m_edit || m_image.isNull())
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (frames())
        paintFrame(painter);
    paintPicture(painter, pictureRect(), m_image, 0, Enlarge::Smoothly);
    if (paints())
        paintPart(painter);
    if (frames())
        paintHandles(painter);
    else if (hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(Theme::instance().colours().accent, 2));
        painter.drawRect(pictureRect().adjusted(-3, -3, 3, 3));
    }
}

void EditCanvas::paintPart(QPainter& painter) const
{
    if (m_maskShown) {
        painter.setOpacity(0.6);
        painter.drawImage(pictureRect(), m_overlay);
        painter.setOpacity(1);
    }
    if (!m_hasCursor)
        return;
    const qreal radius = m_brush * m_scale / 2;
    painter.setBrush(Qt::NoBrush);
    for (const auto& [colour, width] : { std::pair{ Qt::black, 3. }, { Qt::white, 1.5 } }) {
        painter.setPen(QPen(colour, width, m_erasing ? Qt::DotLine : Qt::SolidLine));
        painter.drawEllipse(onWidget(m_cursor), radius, radius);
    }
}

void EditCanvas::paintFrame(QPainter& painter) const
{
    const Colours& colours = Theme::instance().colours();
    painter.setPen(Qt::NoPen);
    painter.setBrush(colours.canvas);
    painter.drawRect(frameRect());
    painter.setBrush(QBrush(colours.muted, Qt::BDiagPattern));
    painter.drawRect(frameRect());
}

void EditCanvas::paintHandles(QPainter& painter) const
{
    const Colours& colours = Theme::instance().colours();
    const QRectF frame = frameRect();
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(colours.accent, hasFocus() ? 2.5 : 1.5));
    painter.drawRect(frame);
    painter.setPen(QPen(colours.accent, 1.5));
    painter.setBrush(colours.surface);
    for (const qreal x : { frame.left(), frame.center().x(), frame.right() })
        for (const qreal y : { frame.top(), frame.center().y(), frame.bottom() })
            if (QPointF(x, y) != frame.center())
                painter.drawRect(QRectF(x - 4.5, y - 4.5, 9, 9));
}

} // namespace reverie::ui
