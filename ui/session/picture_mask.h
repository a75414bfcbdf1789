// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <QImage>
#include <QPointF>

#include <vector>

namespace reverie::ui {

/// Which part of a picture is drawn anew, painted by hand. Every stroke can be undone.
class PictureMask
{
public:
    PictureMask() = default;
    explicit PictureMask(const QSize& size); ///< nothing is painted
    /// What was painted of a mask with or without feather: where it is brighter than half.
    explicit PictureMask(const Image& image);

    [[nodiscard]] const QImage& image() const { return m_image; } ///< greys: 255 where painted, else 0
    [[nodiscard]] QSize size() const { return m_image.size(); }
    [[nodiscard]] bool isEmpty() const; ///< nothing is painted

    /// What follows up to the next call is undone at once.
    void beginStroke();
    /// Round, from one point to another, or a single dab; points and diameter in pixels of the picture.
    void paint(const QPointF& from, const QPointF& to, double diameter, bool erase);
    void clear(); ///< these two are strokes of their own
    void invert();
    [[nodiscard]] bool canUndo() const { return !m_past.empty(); }
    [[nodiscard]] bool canRedo() const { return !m_future.empty(); }
    void undo();
    void redo();

    /// White where painted, turning grey over the last `pixels` of the part before its edge; black elsewhere.
    [[nodiscard]] QImage feathered(int pixels) const { return feathered(pixels, size()); }
    /// The same of a picture scaled to `size`; the feather is scaled with it.
    [[nodiscard]] QImage feathered(int pixels, const QSize& size) const;
    [[nodiscard]] static int featherOf(const Image& mask);

private:
    QImage m_image;
    std::vector<QImage> m_past, m_future;
};

} // namespace reverie::ui
