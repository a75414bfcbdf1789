// SPDX-License-Identifier: MIT
#pragma once

#include <QImage>
#include <QWidget>

#include <set>
#include <vector>

class QAction;

namespace reverie::ui {

/// One picture as large as it goes, or several side by side of which one is current. Arrow keys move between
/// them; Enter and a double click open one. On a board a click or Space picks one, or no longer.
class PictureView : public QWidget
{
    Q_OBJECT
public:
    explicit PictureView(QWidget* parent = nullptr);

    /// Null images are places for pictures that have not begun.
    void show(std::vector<QImage> images, int current);
    [[nodiscard]] int current() const { return m_current; }
    void setDescription(const QString& text);
    /// Makes the pictures a board, with these picked and these finished.
    void setBoard(std::set<int> picks, std::set<int> finished);
    void leaveBoard();

Q_SIGNALS:
    void currentChanged(int index);
    void opened(int index);
    void pickToggled(int index);
    void dragStarted(int index);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] int count() const { return static_cast<int>(m_images.size()); }
    [[nodiscard]] int columns() const;
    [[nodiscard]] QRectF cell(int index) const;
    [[nodiscard]] int cellAt(const QPointF& point) const; ///< -1 for none
    void setCurrent(int index);
    void paintMark(QPainter& painter, const QRectF& target, bool picked) const;

    std::vector<QImage> m_images;
    std::set<int> m_picks, m_finished;
    QAction* m_pick; ///< there on a board
    bool m_isBoard = false;
    int m_current = 0;
    QPoint m_pressed;
};

} // namespace reverie::ui
