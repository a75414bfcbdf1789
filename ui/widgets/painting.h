// SPDX-License-Identifier: MIT
#pragma once

#include <QImage>
#include <QRectF>

class QPainter;

namespace reverie::ui {

/// Draws `image` into `target` with rounded corners, sharp on every screen. Up to a quarter of the target's
/// size, pixels are shown as the squares they are; closer to it they are interpolated.
void paintPicture(QPainter& painter, const QRectF& target, const QImage& image, qreal radius);

/// Where nothing has been drawn yet.
void paintPlaceholder(QPainter& painter, const QRectF& target, qreal radius);

} // namespace reverie::ui
