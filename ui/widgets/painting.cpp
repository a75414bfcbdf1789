// SPDX-License-Identifier: MIT
#include "ui/widgets/painting.h"

#include "ui/widgets/theme.h"

#include <QPainter>
#include <QPainterPath>

namespace reverie::ui {

void paintPicture(QPainter& painter, const QRectF& area, const QImage& image, qreal radius, Enlarge enlarge)
{
    QRectF target({}, QSizeF(image.size()).scaled(area.size(), Qt::KeepAspectRatio));
    target.moveCenter(area.center());
    const qreal ratio = painter.device()->devicePixelRatioF();
    const QSize size = (target.size() * ratio).toSize();
    const auto mode = enlarge == Enlarge::Smoothly ? Qt::SmoothTransformation : Qt::FastTransformation;
    // Its own ratio stays 1: not every Qt heeds that of a brush.
    QImage scaled = image.scaled(size, Qt::IgnoreAspectRatio, mode);
    scaled.setDevicePixelRatio(1);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    QBrush brush(scaled);
    QTransform place = QTransform::fromTranslate(target.x(), target.y());
    place.scale(target.width() / size.width(), target.height() / size.height());
    brush.setTransform(place);
    painter.setBrush(brush);
    painter.drawRoundedRect(target, radius, radius);
    painter.restore();
}

void paintPlaceholder(QPainter& painter, const QRectF& target, qreal radius)
{
    const Colours& colours = Theme::instance().colours();
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colours.border, 1));
    painter.setBrush(colours.surface);
    painter.drawRoundedRect(target.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
    painter.restore();
}

} // namespace reverie::ui
