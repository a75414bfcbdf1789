// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/picture_edit.h"

#include <QWidget>

namespace reverie::ui {

/// The picture of an edit to paint on, or in a frame to drag. Arrow keys and Space do the same: in a part
/// that is drawn anew they move the brush (Shift paints on the way) and put it down; of a frame they move the
/// side they point to outwards, with Shift inwards.
class EditCanvas : public QWidget
{
    Q_OBJECT
public:
    explicit EditCanvas(QWidget* parent = nullptr);

    /// Shows it and works on it; it must outlive this or the next call.
    void setEdit(PictureEdit* edit);
    /// Something of the edit was changed elsewhere.
    void refresh();
    void setBrush(int diameter); ///< pixels of the picture
    void setErasing(bool erasing) { m_erasing = erasing; }
    void setMaskShown(bool shown);
    /// Where a point of the picture, in its pixels, is on the widget.
    [[nodiscard]] QPointF onWidget(const QPointF& point) const { return m_origin + point * m_scale; }

Q_SIGNALS:
    void edited(); ///< by mouse or keys
    void brushStepped(int steps); ///< by the wheel

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] bool paints() const { return m_edit && m_edit->kind == PictureEdit::Kind::Repaint; }
    [[nodiscard]] bool frames() const { return m_edit && m_edit->kind == PictureEdit::Kind::Extend; }
    [[nodiscard]] QPointF onPicture(const QPointF& point) const { return (point - m_origin) / m_scale; }
    [[nodiscard]] QRectF pictureRect() const;
    [[nodiscard]] QRectF frameRect() const;
    [[nodiscard]] Qt::Edges edgesAt(const QPointF& point) const;
    [[nodiscard]] QAction* actionOf(const QKeyEvent& event) const;
    void layOut();
    void showMask();
    void stroke(const QPointF& to);
    void moveEdges(const QPointF& to);
    void moveBrush(const QPointF& by, bool painting);
    void stepEdge(Qt::Edge edge, int pixels);
    void showCursor(const QPointF& point);
    void paintPart(QPainter& painter) const;
    void paintFrame(QPainter& painter) const;
    void paintHandles(QPainter& painter) const;

    PictureEdit* m_edit = nullptr;
    QSize m_size; ///< of the picture
    QImage m_image, m_overlay; ///< of a large picture smaller, as it is shown
    qreal m_scale = 1;
    QPointF m_origin; ///< of the picture
    int m_brush = 8;
    bool m_erasing = false, m_maskShown = true;
    bool m_stroking = false, m_rubbing = false; ///< the other button rubs out
    bool m_hasCursor = false;
    QPointF m_cursor; ///< of the brush, on the picture
    Qt::Edges m_dragged;
};

} // namespace reverie::ui
