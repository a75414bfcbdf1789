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

/// Draws `image` into the middle of `area`, as large as its shape allows, with rounded corners and sharp on
/// every screen.
void paintPicture(QPainter& painter, const QRectF& area, const QImage& image, qreal radius, Enlarge enlarge);

/// Where nothing has been drawn yet.
void paintPlaceholder(QPainter& painter, const QRectF& target, qreal radius);

} // namespace reverie::ui
