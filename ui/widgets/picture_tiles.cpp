// SPDX-License-Identifier: MIT
#include "ui/widgets/picture_tiles.h"

#include "ui/widgets/painting.h"
#include "ui/widgets/theme.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int gap = 8, label_height = 20, ring = 3;
constexpr int largest_side = 224, alone_side = 480, smallest_side = 40, row_side = 72;

} // namespace

PictureTiles::PictureTiles(Shape shape, QWidget* parent)
    : QWidget(parent)
    , m_shape(shape)
{
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
}

void PictureTiles::setTiles(const QList<Tile>& tiles, int chosen)
{
    m_tiles = tiles;
    m_chosen = chosen;
    updateGeometry();
    update();
}

QSize PictureTiles::sizeHint() const
{
    return m_shape == Shape::Row ? QSize(320, row_side + label_height + 2 * ring) : QSize(480, 480);
}

QSize PictureTiles::minimumSizeHint() const
{
    return m_shape == Shape::Row ? sizeHint() : QSize(200, 160);
}

int PictureTiles::columns() const
{
    if (m_shape == Shape::Row || m_tiles.isEmpty())
        return std::max<int>(1, int(m_tiles.size()));
    int best = 1, bestSide = 0;
    for (int columns = 1; columns <= m_tiles.size(); ++columns) {
        const int rows = (int(m_tiles.size()) + columns - 1) / columns;
        const int side
            = std::min((width() + gap) / columns - gap, (height() + gap) / rows - gap - label_height);
        if (side > bestSide) {
            best = columns;
            bestSide = side;
        }
    }
    return best;
}

int PictureTiles::side() const
{
    if (m_shape == Shape::Row)
        return std::clamp((width() + gap - 2 * ring) / columns() - gap, 8, row_side);
    const int rows = std::max(1, (int(m_tiles.size()) + columns() - 1) / columns());
    return std::clamp(
        std::min((width() + gap) / columns() - gap, (height() + gap) / rows - gap - label_height) - ring,
        smallest_side, m_tiles.size() == 1 ? alone_side : largest_side);
}

QRect PictureTiles::tileRect(int index) const
{
    const int column = index % columns(), row = index / columns();
    return { ring + column * (side() + gap), ring + row * (side() + gap + label_height), side(), side() };
}

void PictureTiles::paintEvent(QPaintEvent*)
{
    const auto& colours = Theme::instance().colours();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    auto font = this->font();
    font.setPixelSize(11);
    painter.setFont(font);
    const QFontMetrics metrics(font);
    for (int i = 0; i < m_tiles.size(); ++i) {
        const QRect place = tileRect(i);
        const auto& picture = m_tiles[i].picture;
        if (picture.isNull()) {
            paintPlaceholder(painter, place, 6);
        } else {
            const bool small = picture.width() * 2 < place.width();
            const auto size = picture.size().scaled(place.size(), Qt::KeepAspectRatio);
            QRect inside({}, size);
            inside.moveCenter(place.center());
            paintPicture(painter, inside, picture, 6, small ? Enlarge::AsSquares : Enlarge::Smoothly);
        }
        const bool isChosen = i == m_chosen;
        if (isChosen) {
            painter.setPen(QPen(hasFocus() ? colours.accent : colours.muted, 2));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(place).adjusted(-2, -2, 2, 2), 8, 8);
        }
        painter.setPen(isChosen ? colours.text : colours.muted);
        const QRect below(place.left(), place.bottom() + 2, place.width(), label_height - 2);
        painter.drawText(below, Qt::AlignHCenter | Qt::AlignVCenter,
                         metrics.elidedText(m_tiles[i].label, Qt::ElideRight, below.width()));
    }
}

void PictureTiles::mousePressEvent(QMouseEvent* event)
{
    for (int i = 0; i < m_tiles.size(); ++i)
        if (tileRect(i).contains(event->position().toPoint()))
            Q_EMIT chosen(i);
}

void PictureTiles::focusInEvent(QFocusEvent* event)
{
    QWidget::focusInEvent(event);
    update();
}

void PictureTiles::focusOutEvent(QFocusEvent* event)
{
    QWidget::focusOutEvent(event);
    update();
}

} // namespace reverie::ui
