// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <QImage>

namespace reverie::ui {

enum class ImageFormat { Png, Jpeg, Webp };

/// "png", "jpeg", "webp"; also "jpg". Throws UsageError naming the formats there are.
ImageFormat imageFormatFromName(const QString& name);
QString fileExtension(ImageFormat format); ///< ".png", ".jpg", ".webp"

/// PNG, JPEG, WebP and whatever else Qt reads. Null if it is damaged.
QImage decodePicture(const QByteArray& bytes);
QImage readPicture(const QString& path);

/// On white where it is transparent; empty for a null one.
Image toImage(const QImage& source);

/// Without decoding it; empty if it is no picture.
QSize pictureSize(const QByteArray& head);

/// Pixels only, no metadata. `quality` from 1 to 100 does not concern PNG; a WebP of quality 100 is lossless.
QByteArray encodePicture(const QImage& image, ImageFormat format, int quality);

struct AnimationFrame {
    QImage image; ///< all of one size
    int milliseconds = 100;
};

/// An animated WebP that repeats for ever; frames that are alike become one. Throws Error.
QByteArray encodeAnimation(const std::vector<AnimationFrame>& frames, int quality);
/// The same as a GIF, of at most 256 colours a frame. Throws Error.
QByteArray encodeGif(const std::vector<AnimationFrame>& frames);
/// The frames of an animated WebP; those before the damage if it is damaged.
std::vector<AnimationFrame> decodeAnimation(const QByteArray& webp);

} // namespace reverie::ui
