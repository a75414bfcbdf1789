// SPDX-License-Identifier: MIT
#include "ui/session/picture_codec.h"

#include "core/base/error.h"

#include <QBuffer>
#include <QCoreApplication>
#include <QFile>
#include <QImageReader>
#include <QPainter>

#include <webp/decode.h>
#include <webp/encode.h>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::PictureCodec", text);
}

const std::uint8_t* data(const QByteArray& bytes)
{
    return reinterpret_cast<const std::uint8_t*>(bytes.constData());
}

bool isWebp(const QByteArray& bytes)
{
    return bytes.startsWith("RIFF") && bytes.mid(8, 4) == "WEBP";
}

QImage decodeWebp(const QByteArray& bytes)
{
    int width = 0, height = 0;
    if (!WebPGetInfo(data(bytes), static_cast<std::size_t>(bytes.size()), &width, &height))
        return {};
    QImage image(width, height, QImage::Format_RGBA8888);
    if (image.isNull()
        || !WebPDecodeRGBAInto(data(bytes), static_cast<std::size_t>(bytes.size()), image.bits(),
                               static_cast<std::size_t>(image.sizeInBytes()),
                               static_cast<int>(image.bytesPerLine())))
        return {};
    return image;
}

QByteArray encodeWebp(const QImage& source, int quality)
{
    const QImage image = source.convertToFormat(QImage::Format_RGBA8888);
    std::uint8_t* out = nullptr;
    const std::size_t size = quality >= 100
        ? WebPEncodeLosslessRGBA(image.constBits(), image.width(), image.height(),
                                 static_cast<int>(image.bytesPerLine()), &out)
        : WebPEncodeRGBA(image.constBits(), image.width(), image.height(),
                         static_cast<int>(image.bytesPerLine()), static_cast<float>(quality), &out);
    const QByteArray bytes(reinterpret_cast<const char*>(out), static_cast<qsizetype>(size));
    WebPFree(out);
    return bytes;
}

} // namespace

ImageFormat imageFormatFromName(const QString& name)
{
    const QString lower = name.toLower();
    if (lower == QLatin1String("png"))
        return ImageFormat::Png;
    if (lower == QLatin1String("jpeg") || lower == QLatin1String("jpg"))
        return ImageFormat::Jpeg;
    if (lower == QLatin1String("webp"))
        return ImageFormat::Webp;
    throw UsageError(
        tr("There is no picture format '%1'; choose png, jpeg or webp.").arg(name).toStdString());
}

QString fileExtension(ImageFormat format)
{
    return format == ImageFormat::Png ? QStringLiteral(".png")
        : format == ImageFormat::Jpeg ? QStringLiteral(".jpg")
                                      : QStringLiteral(".webp");
}

QImage decodePicture(const QByteArray& bytes)
{
    if (isWebp(bytes))
        return decodeWebp(bytes);
    QBuffer buffer;
    buffer.setData(bytes);
    buffer.open(QBuffer::ReadOnly);
    QImageReader reader(&buffer);
    reader.setAutoTransform(true);
    return reader.read();
}

QImage readPicture(const QString& path)
{
    QFile file(path);
    return file.open(QFile::ReadOnly) ? decodePicture(file.readAll()) : QImage();
}

Image toImage(const QImage& source)
{
    QImage rgb(source.size(), QImage::Format_RGB888);
    if (source.isNull())
        return {};
    if (source.hasAlphaChannel()) {
        rgb.fill(Qt::white);
        QPainter(&rgb).drawImage(0, 0, source);
    } else {
        rgb = source.convertToFormat(QImage::Format_RGB888);
    }
    Image image{ rgb.width(), rgb.height(), {} };
    image.rgb.reserve(std::size_t(rgb.width()) * std::size_t(rgb.height()) * 3);
    for (int y = 0; y < rgb.height(); ++y)
        image.rgb.insert(image.rgb.end(), rgb.constScanLine(y), rgb.constScanLine(y) + rgb.width() * 3);
    return image;
}

QSize pictureSize(const QByteArray& head)
{
    if (isWebp(head)) {
        int width = 0, height = 0;
        return WebPGetInfo(data(head), static_cast<std::size_t>(head.size()), &width, &height)
            ? QSize(width, height)
            : QSize();
    }
    QBuffer buffer;
    buffer.setData(head);
    buffer.open(QBuffer::ReadOnly);
    return QImageReader(&buffer).size();
}

QByteArray encodePicture(const QImage& image, ImageFormat format, int quality)
{
    QByteArray bytes;
    if (format == ImageFormat::Webp) {
        bytes = encodeWebp(image, quality);
    } else {
        QBuffer buffer(&bytes);
        buffer.open(QBuffer::WriteOnly);
        QImage plain = image.hasAlphaChannel() ? image : image.convertToFormat(QImage::Format_RGB888);
        if (format == ImageFormat::Jpeg)
            plain = image.convertToFormat(QImage::Format_RGB888);
        for (const QString& key : plain.textKeys())
            plain.setText(key, QString());
        plain.save(&buffer, format == ImageFormat::Png ? "PNG" : "JPEG",
                   format == ImageFormat::Png ? -1 : quality);
    }
    if (bytes.isEmpty())
        throw Error(tr("The picture can't be encoded; choose another format or size.").toStdString());
    return bytes;
}

} // namespace reverie::ui
