// SPDX-License-Identifier: MIT
#pragma once

#include <QImage>
#include <QWidget>

namespace reverie::ui {

/// One picture to look into, or two to compare: zoom with wheel and keys, pan by dragging.
class ViewerCanvas : public QWidget
{
    Q_OBJECT
public:
    enum class Compare { Off, Slider, SideBySide };

    explicit ViewerCanvas(QWidget* parent = nullptr);

    void show(const QImage& image, const QString& description);
    /// Null ends comparing.
    void compareWith(const QImage& image, Compare mode);
    [[nodiscard]] Compare compare() const { return m_other.isNull() ? Compare::Off : m_compare; }

    void fit();
    void actualSize(); ///< a pixel of the picture is a pixel of the screen
    void zoomBy(double factor);
    [[nodiscard]] double zoom() const; ///< screen pixels for a pixel of the picture
    [[nodiscard]] bool isFit() const { return m_zoom == 0; }
    [[nodiscard]] QPointF centre() const { return m_centre; } ///< of the view, in 0..1 of the picture
    [[nodiscard]] double split() const { return m_split; } ///< of the slider, 0..1 of the picture

Q_SIGNALS:
    void zoomChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    [[nodiscard]] QRectF room(int pane) const;
    [[nodiscard]] QRectF target(const QRectF& room) const;
    [[nodiscard]] double fittingZoom() const;
    void zoomTo(double zoom, const QPointF& about);
    void moveSplit(const QPointF& to);
    void keepCentre();

    QImage m_image, m_other;
    Compare m_compare = Compare::Off;
    double m_zoom = 0; ///< 0: fit
    QPointF m_centre{ 0.5, 0.5 };
    double m_split = 0.5;
    QPointF m_last;
    bool m_dragging = false, m_splitting = false;
};

} // namespace reverie::ui
