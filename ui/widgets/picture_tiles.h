// SPDX-License-Identifier: MIT
#pragma once

#include <QImage>
#include <QWidget>

namespace reverie::ui {

/// Pictures beside each other, one of them chosen: in as many columns as make them largest, or all in one
/// row.
class PictureTiles : public QWidget
{
    Q_OBJECT
public:
    enum class Shape { Grid, Row };

    explicit PictureTiles(Shape shape, QWidget* parent = nullptr);

    struct Tile {
        QImage picture; ///< null: it is on its way
        QString label; ///< under it
    };
    void setTiles(const QList<Tile>& tiles, int chosen);
    [[nodiscard]] QRect tileRect(int index) const;
    [[nodiscard]] int count() const { return int(m_tiles.size()); }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void chosen(int index);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    [[nodiscard]] int columns() const;
    [[nodiscard]] int side() const; ///< of a tile, without its label

    Shape m_shape;
    QList<Tile> m_tiles;
    int m_chosen = -1;
};

} // namespace reverie::ui
