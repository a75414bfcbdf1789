// SPDX-License-Identifier: MIT
#include "core/data/decode_picture.h"

#include "core/base/error.h"

#ifdef REVERIE_WITH_QT
#include <QBuffer>
#include <QColorSpace>
#include <QImage>
#include <QImageReader>
#endif

#include <algorithm>
#include <mutex>

namespace reverie {

bool is_picture_name(std::string_view name)
{
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos)
        return false;
    std::string extension(name.substr(dot + 1));
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
    constexpr std::array<std::string_view, 7> known = { "jpg", "jpeg", "jfif", "png", "webp", "gif", "bmp" };
    return std::find(known.begin(), known.end(), extension) != known.end();
}

#ifdef REVERIE_WITH_QT

namespace {

constexpr std::int64_t most_pixels = 256'000'000; ///< more is taken for an attack or a mistake
constexpr std::int64_t many_pixels
    = 32'000'000; ///< of such pictures one is decoded at a time, for their memory

std::uint32_t byte_at(std::string_view file, std::size_t at)
{
    return at < file.size() ? static_cast<unsigned char>(file[at]) : 0U;
}

const char* format_of(std::string_view file)
{
    if (file.starts_with("\xff\xd8\xff"))
        return "jpeg";
    if (file.starts_with("\x89PNG\r\n\x1a\n"))
        return "png";
    if (file.starts_with("GIF8"))
        return "gif";
    if (file.starts_with("RIFF") && file.substr(0, 12).ends_with("WEBP"))
        return "webp";
    if (file.starts_with("BM"))
        return "bmp";
    return nullptr;
}

/// The end mark after the first scan; those before it belong to thumbnails.
bool jpeg_is_whole(std::string_view file)
{
    constexpr unsigned start_of_scan = 0xda;
    std::size_t at = 2;
    while (at + 4 <= file.size() && byte_at(file, at) == 0xff && byte_at(file, at + 1) != start_of_scan)
        at += byte_at(file, at + 1) == 0xff ? 1 : 2 + (byte_at(file, at + 2) << 8U | byte_at(file, at + 3));
    return at < file.size() && file.find("\xff\xd9", at) != std::string_view::npos;
}

/// Decoders fill what is missing with grey and call that a success.
bool is_whole(std::string_view file, std::string_view format)
{
    if (format == "jpeg")
        return jpeg_is_whole(file);
    if (format == "png")
        return file.rfind("IEND") != std::string_view::npos;
    if (format == "webp") {
        const auto size
            = byte_at(file, 4) | byte_at(file, 5) << 8U | byte_at(file, 6) << 16U | byte_at(file, 7) << 24U;
        return file.size() >= std::uint64_t{ size } + 8;
    }
    return true;
}

std::string dimensions(const QSize& size)
{
    return std::to_string(size.width()) + " x " + std::to_string(size.height()) + " pixels";
}

/// The JPEG decoder halves up to three times at next to no cost.
QSize reduced(QSize size, int enough)
{
    for (int halvings = 0; halvings < 3 && std::min(size.width(), size.height()) / 2 >= enough; ++halvings)
        size = { size.width() / 2, size.height() / 2 };
    return size;
}

Image over(QImage image, const std::array<std::uint8_t, 3>& background)
{
    const bool has_alpha = image.hasAlphaChannel();
    const auto space = image.colorSpace();
    image.convertTo(has_alpha ? QImage::Format_ARGB32 : QImage::Format_RGB32);
    if (space.isValid() && space != QColorSpace(QColorSpace::SRgb))
        image.convertToColorSpace(QColorSpace::SRgb);
    Image opaque{ image.width(), image.height(), {} };
    opaque.rgb.resize(std::size_t(image.width()) * std::size_t(image.height()) * 3);
    auto* out = opaque.rgb.data();
    for (int y = 0; y < image.height(); ++y) {
        const auto* line = reinterpret_cast<const QRgb*>(image.constScanLine(y));
        for (int x = 0; x < image.width(); ++x) {
            const unsigned alpha = has_alpha ? unsigned(qAlpha(line[x])) : 255U;
            const std::array<int, 3> colour = { qRed(line[x]), qGreen(line[x]), qBlue(line[x]) };
            for (std::size_t channel = 0; channel < 3; ++channel)
                *out++ = std::uint8_t(
                    (unsigned(colour[channel]) * alpha + background[channel] * (255U - alpha) + 127U) / 255U);
        }
    }
    return opaque;
}

} // namespace

/// Without an application object Qt takes the first thread that asks for readers for the main one, and that
/// thread must not end before the program: it is not left to the threads that decode.
void need_picture_decoder()
{
    static_cast<void>(QImageReader::supportedImageFormats());
    QImageReader::setAllocationLimit(int(most_pixels * 4 >> 20U)
                                     + 1); // Qt's own 128 MiB bar large photographs
}

Image decode_picture(std::string_view file, const std::string& name,
                     const std::array<std::uint8_t, 3>& background, int enough)
{
    if (file.empty())
        throw Error(name + " is empty; copy it again or remove it.");
    const char* format = format_of(file);
    if (!format)
        throw Error(name + " is no JPEG, PNG, WebP, GIF or BMP picture; convert or remove it.");
    static const auto formats = QImageReader::supportedImageFormats();
    if (!formats.contains(format))
        throw Error(name + " can't be read because Qt lacks its reader for " + format
                    + "; on Debian it is in qt6-image-formats-plugins.");
    if (!is_whole(file, format))
        throw Error(name + " is cut short; copy it again.");

    auto bytes = QByteArray::fromRawData(file.data(), qsizetype(file.size()));
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::ReadOnly);
    QImageReader reader(&buffer, format);
    reader.setAutoTransform(true);
    const QSize size = reader.size();
    if (std::int64_t{ size.width() } * size.height() > most_pixels)
        throw Error(name + " claims " + dimensions(size) + ", more than can be read; reduce or remove it.");
    static std::mutex one_at_a_time;
    std::unique_lock turn(one_at_a_time, std::defer_lock);
    if (std::int64_t{ size.width() } * size.height() > many_pixels)
        turn.lock();
    if (std::string_view(format) == "jpeg" && size.isValid() && enough > 0)
        reader.setScaledSize(reduced(size, enough));
    const QImage image = reader.read();
    if (image.isNull())
        throw Error(name + " (" + (size.isValid() ? dimensions(size) : std::string("no size"))
                    + ") can't be decoded: " + reader.errorString().toStdString()
                    + "; convert or remove it.");
    return over(image, background);
}

#else

void need_picture_decoder()
{
    throw Error(
        "This build of Reverie can't read pictures, because it was made without Qt; pack the data set "
        "elsewhere with \"dream dataset pack\" and give the pack.");
}

Image decode_picture(std::string_view, const std::string&, const std::array<std::uint8_t, 3>&, int)
{
    need_picture_decoder();
    return {};
}

#endif

} // namespace reverie
