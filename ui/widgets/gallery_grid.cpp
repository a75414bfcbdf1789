// SPDX-License-Identifier: MIT
#include "ui/widgets/gallery_grid.h"

#include "ui/session/gallery_model.h"
#include "ui/session/gallery_thumbnails.h"
#include "ui/widgets/painting.h"
#include "ui/widgets/theme.h"

#include <QDrag>
#include <QKeyEvent>
#include <QMimeData>
#include <QPainter>
#include <QScrollBar>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int space = 8, margin = 12, corner = 8;
constexpr int scaled_kept = 1000;

} // namespace

GalleryGrid::GalleryGrid(GalleryThumbnails& thumbnails, QWidget* parent)
    : QAbstractItemView(parent)
    , m_thumbnails(thumbnails)
    , m_scaled(scaled_kept)
{
    setObjectName(QStringLiteral("galleryGrid"));
    setAccessibleName(tr("Pictures"));
    setSelectionMode(ExtendedSelection);
    setDragEnabled(true);
    setDragDropMode(DragOnly);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(ScrollPerPixel);
    connect(&thumbnails, &GalleryThumbnails::ready, viewport(), qOverload<>(&QWidget::update));
    connect(&Theme::instance(), &Theme::changed, viewport(), qOverload<>(&QWidget::update));
}

void GalleryGrid::setCell(int side)
{
    side = std::clamp(side, smallestCell, largestCell);
    if (side == m_cell)
        return;
    const QModelIndex anchor
        = currentIndex().isValid() ? currentIndex() : indexAt(viewport()->rect().center());
    m_cell = side;
    m_scaled.clear();
    updateGeometries();
    scrollTo(anchor, PositionAtCenter);
    viewport()->update();
}

QList<int> GalleryGrid::selectedRows() const
{
    QList<int> rows;
    for (const QItemSelectionRange& range : selectionModel()->selection())
        for (int row = range.top(); row <= range.bottom(); ++row)
            rows << row;
    std::sort(rows.begin(), rows.end());
    return rows;
}

int GalleryGrid::count() const
{
    return model() ? model()->rowCount() : 0;
}

int GalleryGrid::columns() const
{
    return std::max(1, (viewport()->width() - 2 * margin + space) / m_cell);
}

QRect GalleryGrid::cellRect(int row) const
{
    const int across = columns();
    const int left = (viewport()->width() - across * m_cell) / 2;
    return { left + (row % across) * m_cell, margin - verticalOffset() + (row / across) * m_cell, m_cell,
             m_cell };
}

QPair<int, int> GalleryGrid::visibleRows() const
{
    const int across = columns();
    const int first = std::max(0, (verticalOffset() - margin) / m_cell) * across;
    const int last = ((verticalOffset() + viewport()->height()) / m_cell + 1) * across;
    return { first, std::min(count(), last) };
}

QRect GalleryGrid::visualRect(const QModelIndex& index) const
{
    return index.isValid() ? cellRect(index.row()) : QRect();
}

void GalleryGrid::scrollTo(const QModelIndex& index, ScrollHint hint)
{
    if (!index.isValid())
        return;
    const QRect cell = visualRect(index);
    QScrollBar* bar = verticalScrollBar();
    if (hint == PositionAtCenter)
        bar->setValue(bar->value() + cell.center().y() - viewport()->height() / 2);
    else if (cell.top() < margin)
        bar->setValue(bar->value() + cell.top() - margin);
    else if (cell.bottom() > viewport()->height() - margin)
        bar->setValue(bar->value() + cell.bottom() - viewport()->height() + margin);
}

QModelIndex GalleryGrid::indexAt(const QPoint& point) const
{
    const int across = columns();
    const int x = point.x() - (viewport()->width() - across * m_cell) / 2;
    const int y = point.y() + verticalOffset() - margin;
    if (x < 0 || y < 0 || x >= across * m_cell)
        return {};
    const int row = y / m_cell * across + x / m_cell;
    return row < count() ? model()->index(row, 0) : QModelIndex();
}

void GalleryGrid::reset()
{
    QAbstractItemView::reset();
    m_scaled.clear();
    updateGeometries();
}

QModelIndex GalleryGrid::moveCursor(CursorAction action, Qt::KeyboardModifiers)
{
    if (count() == 0)
        return {};
    const int across = columns(), page = std::max(1, viewport()->height() / m_cell) * across;
    const int at = currentIndex().isValid() ? currentIndex().row() : -1;
    const auto step = [this, at](int by) {
        const int to = at + by;
        return to >= 0 && to < count() ? to : at;
    };
    int to = 0;
    switch (action) {
    case MoveLeft:
    case MovePrevious:
        to = step(-1);
        break;
    case MoveRight:
    case MoveNext:
        to = step(1);
        break;
    case MoveUp:
        to = step(-across);
        break;
    case MoveDown:
        to = at / across < (count() - 1) / across ? std::min(at + across, count() - 1) : at;
        break;
    case MoveHome:
        to = 0;
        break;
    case MoveEnd:
        to = count() - 1;
        break;
    case MovePageUp:
        to = std::max(at - page, at % across);
        break;
    case MovePageDown:
        to = std::min(at + page, count() - 1);
        break;
    }
    return model()->index(std::max(0, to), 0);
}

int GalleryGrid::verticalOffset() const
{
    return verticalScrollBar()->value();
}

void GalleryGrid::setSelection(const QRect& rect, QItemSelectionModel::SelectionFlags command)
{
    // From where the selection began to where the pointer or the cursor is: all pictures in between.
    QModelIndex first = indexAt(rect.topLeft()), last = indexAt(rect.bottomRight());
    if (!first.isValid() && !last.isValid()) {
        if (command.testFlag(QItemSelectionModel::Clear))
            selectionModel()->clearSelection();
        return;
    }
    if (!first.isValid())
        first = last;
    if (!last.isValid())
        last = rect.bottom() >= rect.top() ? model()->index(count() - 1, 0) : first;
    selectionModel()->select(
        first.row() <= last.row() ? QItemSelection(first, last) : QItemSelection(last, first), command);
}

QRegion GalleryGrid::visualRegionForSelection(const QItemSelection&) const
{
    return viewport()->rect();
}

void GalleryGrid::updateGeometries()
{
    const int rows = (count() + columns() - 1) / columns();
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setSingleStep(m_cell / 3);
    verticalScrollBar()->setRange(0, std::max(0, rows * m_cell + 2 * margin - viewport()->height()));
    QAbstractItemView::updateGeometries();
    viewport()->update();
}

void GalleryGrid::dataChanged(const QModelIndex&, const QModelIndex&, const QList<int>&)
{
    viewport()->update();
}

void GalleryGrid::resizeEvent(QResizeEvent* event)
{
    const QModelIndex top = indexAt({ margin + m_cell / 2, m_cell / 2 });
    QAbstractItemView::resizeEvent(event);
    updateGeometries();
    if (currentIndex().isValid() && viewport()->rect().intersects(visualRect(currentIndex())))
        scrollTo(currentIndex());
    else
        scrollTo(top);
}

void GalleryGrid::keyPressEvent(QKeyEvent* event)
{
    // Letters and digits are commands of the page.
    const bool command = event->key() == Qt::Key_Delete
        || (!event->text().isEmpty() && event->text().at(0).isPrint() && event->key() != Qt::Key_Space);
    if (command && !event->matches(QKeySequence::SelectAll))
        event->ignore();
    else
        QAbstractItemView::keyPressEvent(event);
}

void GalleryGrid::startDrag(Qt::DropActions actions)
{
    const QModelIndexList indexes = selectionModel()->selectedIndexes();
    if (indexes.isEmpty())
        return;
    auto* drag = new QDrag(this);
    drag->setMimeData(model()->mimeData(indexes));
    if (const auto entry = currentIndex().data(GalleryModel::EntryRole); entry.isValid())
        drag->setPixmap(QPixmap::fromImage(thumbnail(entry.value<GalleryEntry>(), { 96, 96 })));
    drag->exec(actions, Qt::CopyAction);
}

void GalleryGrid::paintEvent(QPaintEvent* event)
{
    QPainter painter(viewport());
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    const auto [first, last] = visibleRows();
    for (int row = first; row < last; ++row)
        if (const QRect cell = cellRect(row); cell.intersects(event->rect()))
            paintCell(painter, cell, row);
}

QImage GalleryGrid::thumbnail(const GalleryEntry& entry, const QSize& room)
{
    const QString key = entry.path + QString::number(room.width());
    if (const QImage* image = m_scaled.object(key))
        return *image;
    const QImage image = m_thumbnails.find(entry.path, entry.time);
    if (image.isNull())
        return image;
    const QImage scaled = image.scaled(room, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    m_scaled.insert(key, new QImage(scaled));
    return scaled;
}

void GalleryGrid::paintCell(QPainter& painter, const QRect& cell, int row)
{
    const Colours& colours = Theme::instance().colours();
    const QRect room = cell.adjusted(space / 2 + 3, space / 2 + 3, -space / 2 - 3, -space / 2 - 3);
    const QModelIndex index = model()->index(row, 0);
    const QVariant data = index.data(GalleryModel::EntryRole);
    const auto entry = data.isValid() ? data.value<GalleryEntry>() : GalleryEntry();
    QRectF picture = room;
    QImage image;
    if (data.isValid())
        image = thumbnail(entry, room.size() * devicePixelRatioF());
    if (image.isNull()) {
        paintPlaceholder(painter, picture, corner);
    } else {
        QSizeF size = QSizeF(image.size()) / devicePixelRatioF();
        picture = QRectF({}, size);
        picture.moveCenter(QRectF(room).center());
        paintPicture(painter, picture, image, corner, Enlarge::Smoothly);
    }
    if (data.isValid())
        paintMarks(painter, picture.toRect(), entry);
    if (const int folded = index.data(GalleryModel::FoldedRole).toInt(); folded > 0)
        paintFolded(painter, picture.toRect(), folded);
    const bool selected = selectionModel()->isSelected(index),
               current = index == currentIndex() && hasFocus();
    if (!selected && !current)
        return;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(selected ? colours.accent : colours.muted, selected ? 2.5 : 1.5,
                        selected ? Qt::SolidLine : Qt::DotLine));
    painter.drawRoundedRect(picture.adjusted(-3, -3, 3, 3), corner + 3, corner + 3);
}

void GalleryGrid::paintMarks(QPainter& painter, const QRect& picture, const GalleryEntry& entry) const
{
    QString text = entry.starred ? QStringLiteral("★") : QString();
    if (entry.rating > 0)
        text += (text.isEmpty() ? QString() : QStringLiteral(" ")) + QString::number(entry.rating);
    if (text.isEmpty())
        return;
    const int height = painter.fontMetrics().height() + 2;
    paintBadge(painter, { picture.left() + 6, picture.bottom() - height - 6 }, text);
}

/// How many there are of it.
void GalleryGrid::paintFolded(QPainter& painter, const QRect& picture, int folded) const
{
    const QString text = QStringLiteral("× %1").arg(folded + 1);
    const int width = painter.fontMetrics().horizontalAdvance(text) + 12;
    paintBadge(painter, { picture.right() - width - 6, picture.top() + 6 }, text);
}

void GalleryGrid::paintBadge(QPainter& painter, const QPoint& corner, const QString& text) const
{
    const Colours& colours = Theme::instance().colours();
    const QFontMetrics metrics(painter.font());
    const QRect badge(corner, QSize(metrics.horizontalAdvance(text) + 12, metrics.height() + 2));
    QColor back = colours.window;
    back.setAlphaF(0.9F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(back);
    painter.drawRoundedRect(badge, badge.height() / 2.0, badge.height() / 2.0);
    painter.setPen(colours.text);
    painter.drawText(badge, Qt::AlignCenter, text);
}

} // namespace reverie::ui
