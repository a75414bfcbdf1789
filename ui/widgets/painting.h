// SPDX-License-Identifier: MIT
#pragma once

#include <QImage>
#include <QRectF>

class QPainter;

namespace reverie::ui {

enum class Enlarge {
    Smoothly, ///< for looking at the picture
    AsSquares, ///< for seeing how many pixels it has
};

/// Draws `image` into `target` with rounded corners, sharp on every screen.
void paintPicture(QPainter& painter, const QRectF& target, const QImage& image, qreal radius,
                  Enlarge enlarge);

/// Where nothing has been drawn yet.
void paintPlaceholder(QPainter& painter, const QRectF& target, qreal radius);

} // namespace reverie::ui
