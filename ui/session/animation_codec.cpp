// SPDX-License-Identifier: MIT
#include "ui/session/picture_codec.h"

#include "core/base/error.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <gif_lib.h>
#include <memory>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

// Pictures one after the other, as WebP and GIF.
namespace reverie::ui {

namespace {

[[noreturn]] void fail()
{
    throw Error(QCoreApplication::translate("reverie::ui::PictureCodec",
                                            "The animation can't be encoded; choose fewer pictures.")
                    .toStdString());
}

class WebpPicture
{
public:
    explicit WebpPicture(const QImage& source)
    {
        const QImage image = source.convertToFormat(QImage::Format_RGBA8888);
        WebPPictureInit(&m_picture);
        m_picture.use_argb = 1;
        m_picture.width = image.width();
        m_picture.height = image.height();
        WebPPictureImportRGBA(&m_picture, image.constBits(), static_cast<int>(image.bytesPerLine()));
    }
    ~WebpPicture() { WebPPictureFree(&m_picture); }
    WebpPicture(const WebpPicture&) = delete;
    WebpPicture& operator=(const WebpPicture&) = delete;
    WebPPicture* get() { return &m_picture; }

private:
    WebPPicture m_picture{};
};

/// A frame in at most 256 colours of its own.
class GifFrame
{
public:
    explicit GifFrame(const QImage& source)
        : m_width(source.width())
        , m_height(source.height())
        , m_pixels(std::size_t(m_width) * std::size_t(m_height))
        , m_palette(GifMakeMapObject(256, nullptr))
    {
        const QImage image = source.convertToFormat(QImage::Format_RGB888);
        std::array<std::vector<GifByteType>, 3> channels;
        for (int y = 0; y < m_height; ++y)
            for (int x = 0; x < 3 * m_width; ++x)
                channels[x % 3].push_back(image.constScanLine(y)[x]);
        int colours = 256;
        if (!m_palette
            || GifQuantizeBuffer(static_cast<unsigned>(m_width), static_cast<unsigned>(m_height), &colours,
                                 channels[0].data(), channels[1].data(), channels[2].data(), m_pixels.data(),
                                 m_palette->Colors)
                != GIF_OK)
            fail();
    }
    ~GifFrame() { GifFreeMapObject(m_palette); }
    GifFrame(const GifFrame&) = delete;
    GifFrame& operator=(const GifFrame&) = delete;

    void put(GifFileType* gif, int milliseconds)
    {
        GraphicsControlBlock control{ DISPOSE_DO_NOT, false, std::max(2, milliseconds / 10),
                                      NO_TRANSPARENT_COLOR };
        GifByteType extension[4];
        EGifGCBToExtension(&control, extension);
        if (EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, extension) != GIF_OK
            || EGifPutImageDesc(gif, 0, 0, m_width, m_height, false, m_palette) != GIF_OK)
            fail();
        for (int y = 0; y < m_height; ++y)
            if (EGifPutLine(gif, m_pixels.data() + std::size_t(y) * std::size_t(m_width), m_width) != GIF_OK)
                fail();
    }

private:
    int m_width, m_height;
    std::vector<GifByteType> m_pixels;
    ColorMapObject* m_palette;
};

int append(GifFileType* gif, const GifByteType* bytes, int count)
{
    static_cast<QByteArray*>(gif->UserData)->append(reinterpret_cast<const char*>(bytes), count);
    return count;
}

struct CloseGif {
    void operator()(GifFileType* gif) const { EGifCloseFile(gif, nullptr); }
};

/// Netscape's extension, which every browser obeys.
void repeatForEver(GifFileType* gif)
{
    constexpr GifByteType times[3] = { 1, 0, 0 };
    if (EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) != GIF_OK
        || EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0") != GIF_OK
        || EGifPutExtensionBlock(gif, sizeof times, times) != GIF_OK
        || EGifPutExtensionTrailer(gif) != GIF_OK)
        fail();
}

} // namespace

QByteArray encodeAnimation(const std::vector<AnimationFrame>& frames, int quality)
{
    if (frames.empty())
        fail();
    WebPAnimEncoderOptions options;
    WebPAnimEncoderOptionsInit(&options);
    const std::unique_ptr<WebPAnimEncoder, decltype(&WebPAnimEncoderDelete)> encoder(
        WebPAnimEncoderNew(frames[0].image.width(), frames[0].image.height(), &options),
        &WebPAnimEncoderDelete);
    WebPConfig config;
    WebPConfigInit(&config);
    config.lossless = quality >= 100;
    config.quality = static_cast<float>(quality);
    int time = 0;
    for (const AnimationFrame& frame : frames) {
        WebpPicture picture(frame.image);
        if (!encoder || !WebPAnimEncoderAdd(encoder.get(), picture.get(), time, &config))
            fail();
        time += frame.milliseconds;
    }
    WebPData out;
    WebPDataInit(&out);
    if (!WebPAnimEncoderAdd(encoder.get(), nullptr, time, nullptr)
        || !WebPAnimEncoderAssemble(encoder.get(), &out))
        fail();
    const QByteArray bytes(reinterpret_cast<const char*>(out.bytes), static_cast<qsizetype>(out.size));
    WebPDataClear(&out);
    return bytes;
}

QByteArray encodeGif(const std::vector<AnimationFrame>& frames)
{
    if (frames.empty())
        fail();
    QByteArray bytes;
    std::unique_ptr<GifFileType, CloseGif> gif(EGifOpen(&bytes, append, nullptr));
    const QSize size = frames[0].image.size();
    if (!gif)
        fail();
    EGifSetGifVersion(gif.get(), true);
    if (EGifPutScreenDesc(gif.get(), size.width(), size.height(), 8, 0, nullptr) != GIF_OK)
        fail();
    repeatForEver(gif.get());
    for (const AnimationFrame& frame : frames)
        GifFrame(frame.image).put(gif.get(), frame.milliseconds);
    gif.reset(); // writes the end
    return bytes;
}

std::vector<AnimationFrame> decodeAnimation(const QByteArray& webp)
{
    const WebPData data{ reinterpret_cast<const std::uint8_t*>(webp.constData()),
                         static_cast<std::size_t>(webp.size()) };
    const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(
        WebPAnimDecoderNew(&data, nullptr), &WebPAnimDecoderDelete);
    WebPAnimInfo info;
    std::vector<AnimationFrame> frames;
    if (!decoder || !WebPAnimDecoderGetInfo(decoder.get(), &info))
        return frames;
    int last = 0, time = 0;
    std::uint8_t* pixels = nullptr;
    while (WebPAnimDecoderHasMoreFrames(decoder.get())
           && WebPAnimDecoderGetNext(decoder.get(), &pixels, &time)) {
        const QImage image(pixels, static_cast<int>(info.canvas_width), static_cast<int>(info.canvas_height),
                           QImage::Format_RGBA8888);
        frames.push_back({ image.convertToFormat(QImage::Format_RGB32), time - last });
        last = time;
    }
    return frames;
}

} // namespace reverie::ui
