// SPDX-License-Identifier: MIT
#pragma once

#include <QImage>

namespace reverie::ui {

enum class ImageFormat { Png, Jpeg, Webp };

/// "png", "jpeg", "webp"; also "jpg". Throws UsageError naming the formats there are.
ImageFormat imageFormatFromName(const QString& name);
QString fileExtension(ImageFormat format); ///< ".png", ".jpg", ".webp"

/// PNG, JPEG, WebP and whatever else Qt reads. Null if it is damaged.
QImage decodePicture(const QByteArray& bytes);
QImage readPicture(const QString& path);

/// Without decoding it; empty if it is no picture.
QSize pictureSize(const QByteArray& head);

/// Pixels only, no metadata. `quality` from 1 to 100 does not concern PNG; a WebP of quality 100 is lossless.
QByteArray encodePicture(const QImage& image, ImageFormat format, int quality);

struct AnimationFrame {
    QImage image; ///< all of one size
    int milliseconds = 100;
};

/// An animated WebP that repeats for ever. Throws Error.
QByteArray encodeAnimation(const std::vector<AnimationFrame>& frames, int quality);

} // namespace reverie::ui
