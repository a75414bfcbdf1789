// SPDX-License-Identifier: MIT
#pragma once

#include <QAbstractItemView>
#include <QCache>
#include <QImage>

namespace reverie::ui {

class GalleryThumbnails;
struct GalleryEntry;

/// Pictures in rows of squares. Places are computed, not stored, so that a hundred thousand cost what a
/// screenful does.
class GalleryGrid : public QAbstractItemView
{
    Q_OBJECT
public:
    static constexpr int smallestCell = 88, largestCell = 288;

    explicit GalleryGrid(GalleryThumbnails& thumbnails, QWidget* parent = nullptr);
    void setCell(int side); ///< pixels, with the space around
    [[nodiscard]] int cell() const { return m_cell; }
    [[nodiscard]] QList<int> selectedRows() const; ///< in order

    QRect visualRect(const QModelIndex& index) const override;
    void scrollTo(const QModelIndex& index, ScrollHint hint = EnsureVisible) override;
    QModelIndex indexAt(const QPoint& point) const override;
    void keyboardSearch(const QString&) override { }
    void reset() override;

protected:
    QModelIndex moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers) override;
    int horizontalOffset() const override { return 0; }
    int verticalOffset() const override;
    bool isIndexHidden(const QModelIndex&) const override { return false; }
    void setSelection(const QRect& rect, QItemSelectionModel::SelectionFlags command) override;
    QRegion visualRegionForSelection(const QItemSelection& selection) const override;
    void updateGeometries() override;
    void dataChanged(const QModelIndex& first, const QModelIndex& last, const QList<int>& roles) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void startDrag(Qt::DropActions actions) override;

private:
    [[nodiscard]] int count() const;
    [[nodiscard]] int columns() const;
    [[nodiscard]] QRect cellRect(int row) const;
    [[nodiscard]] QPair<int, int> visibleRows() const; ///< first and one behind the last
    void paintCell(QPainter& painter, const QRect& cell, int row);
    void paintMarks(QPainter& painter, const QRect& picture, const GalleryEntry& entry) const;
    void paintFolded(QPainter& painter, const QRect& picture, int folded) const;
    void paintBadge(QPainter& painter, const QPoint& corner, const QString& text) const;
    QImage thumbnail(const GalleryEntry& entry, const QSize& room);

    GalleryThumbnails& m_thumbnails;
    QCache<QString, QImage> m_scaled; ///< as they are painted
    int m_cell = 136;
};

} // namespace reverie::ui
