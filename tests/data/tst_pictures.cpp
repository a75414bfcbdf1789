// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/data/decode_picture.h"
#include "core/data/lanczos.h"
#include "core/data/view.h"
#include "core/io/qoi.h"
#include "tests/base/error_of.h"
#include "tests/data/picture_files.h"

#include <QBuffer>
#include <QImageWriter>
#include <QTest>
#include <QtEndian>
#include <torch/torch.h>

using namespace reverie;

namespace {

constexpr std::array<std::uint8_t, 3> white = { 255, 255, 255 };

std::string encoded(const QImage& image, const char* format,
                    QImageIOHandler::Transformations turned = QImageIOHandler::TransformationNone)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QImageWriter writer(&buffer, format);
    writer.setQuality(100);
    writer.setTransformation(turned);
    writer.write(image);
    return bytes.toStdString();
}

QImage filled(int width, int height, const QColor& colour)
{
    QImage image(width, height, QImage::Format_ARGB32);
    image.fill(colour);
    return image;
}

bool is_near(const Image& image, int x, int y, const QColor& colour, int tolerance = 6)
{
    const auto* pixel = image.rgb.data() + (y * image.width + x) * 3;
    return std::abs(pixel[0] - colour.red()) <= tolerance && std::abs(pixel[1] - colour.green()) <= tolerance
        && std::abs(pixel[2] - colour.blue()) <= tolerance;
}

quint32 crc32(const QByteArray& bytes)
{
    quint32 crc = ~0U;
    for (const char byte : bytes) {
        crc ^= quint8(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = crc >> 1U ^ (crc & 1U ? 0xedb88320U : 0U);
    }
    return ~crc;
}

/// Left half red, right half blue.
Image two_halves(int width, int height)
{
    Image image{ width, height, {} };
    for (int i = 0; i < width * height; ++i)
        for (const int channel : { i % width < width / 2 ? 255 : 0, 0, i % width < width / 2 ? 0 : 255 })
            image.rgb.push_back(std::uint8_t(channel));
    return image;
}

} // namespace

class PicturesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyFormatIsDecoded_data()
    {
        QTest::addColumn<QByteArray>("format");
        for (const char* format : { "jpeg", "png", "webp", "bmp" })
            QTest::newRow(format) << QByteArray(format);
    }
    void everyFormatIsDecoded()
    {
        QFETCH(QByteArray, format);
        const QColor colour(200, 60, 30);
        const auto image = decode_picture(encoded(filled(12, 9, colour), format), "a picture", white, 0);
        QCOMPARE(image.width, 12);
        QCOMPARE(image.height, 9);
        QVERIFY(is_near(image, 5, 5, colour));
    }

    void ofAnAnimationTheFirstFrameIsTaken()
    {
        const auto frame = [](const char* pixel) {
            return QByteArray::fromHex("2c000000000100010000") + QByteArray::fromHex(pixel);
        };
        const QByteArray gif = QByteArray::fromHex("474946383961010001008000 00ff0000ffffff")
            + frame("0202440100") + frame("02024c0100") + QByteArray::fromHex("3b");
        QVERIFY(is_near(decode_picture(gif.toStdString(), "a.gif", white, 0), 0, 0, Qt::red));
    }

    void whatIsTransparentShowsTheBackground()
    {
        const auto png = encoded(filled(4, 4, QColor(255, 0, 0, 128)), "png");
        QVERIFY(is_near(decode_picture(png, "a.png", { 0, 0, 255 }, 0), 1, 1, QColor(128, 0, 127), 1));
    }

    void aTurnedPhotographIsUpright()
    {
        QImage image = filled(32, 16, Qt::red);
        for (int y = 0; y < 16; ++y)
            for (int x = 16; x < 32; ++x)
                image.setPixelColor(x, y, Qt::blue);
        const auto jpeg = encoded(image, "jpeg", QImageIOHandler::TransformationRotate90);
        const auto upright = decode_picture(jpeg, "a.jpg", white, 0);
        QCOMPARE(upright.width, 16);
        QCOMPARE(upright.height, 32);
        QVERIFY(is_near(upright, 8, 4, Qt::red));
        QVERIFY(is_near(upright, 8, 28, Qt::blue));
    }

    void aLargeJpegIsReducedOnTheWay()
    {
        const auto jpeg = encoded(filled(640, 480, Qt::green), "jpeg");
        const auto image = decode_picture(jpeg, "a.jpg", white, 100);
        QCOMPARE(image.height, 120);
        QCOMPARE(decode_picture(jpeg, "a.jpg", white, 0).height, 480);
    }

    void whatIsNoPictureSaysSo_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QString>("reason");
        const auto bytes = [](const std::string& text) { return QByteArray::fromStdString(text); };
        const auto jpeg = bytes(encoded(filled(64, 64, Qt::red), "jpeg"));
        const auto png = bytes(encoded(filled(64, 64, Qt::red), "png"));
        const auto webp = bytes(encoded(filled(64, 64, Qt::red), "webp"));
        auto bomb = png; // length, IHDR, width, height, 5 bytes, checksum
        bomb.replace(16, 8, QByteArray::fromHex("0000ffff0000ffff"));
        const auto checksum = qToBigEndian(crc32(bomb.sliced(12, 17)));
        bomb.replace(29, 4, QByteArray(reinterpret_cast<const char*>(&checksum), 4));
        QTest::newRow("empty") << QByteArray() << QStringLiteral("is empty");
        QTest::newRow("text") << QByteArray("once upon a time") << QStringLiteral("is no JPEG, PNG");
        QTest::newRow("cut jpeg") << jpeg.first(jpeg.size() / 2) << QStringLiteral("is cut short");
        QTest::newRow("cut png") << png.first(png.size() / 2) << QStringLiteral("is cut short");
        QTest::newRow("cut webp") << webp.first(webp.size() / 2) << QStringLiteral("is cut short");
        QTest::newRow("bomb") << bomb << QStringLiteral("65535 x 65535");
    }
    void whatIsNoPictureSaysSo()
    {
        QFETCH(QByteArray, file);
        QFETCH(QString, reason);
        const auto error = errorOf([&] { decode_picture(file.toStdString(), "cat.jpg", white, 0); });
        QVERIFY2(error.startsWith(u"cat.jpg ") && error.contains(reason), qPrintable(error));
    }

    void theMiddleSquareIsSeenUnlessAskedOtherwise()
    {
        const auto view = middle_view(60, 40, {});
        QCOMPARE(view.part.left, 10.);
        QCOMPARE(view.part.top, 0.);
        QCOMPARE(view.part.width, 40.);
        std::vector<std::uint8_t> planes(3 * 8 * 8);
        const PictureOptions pad{ .resize = "pad", .background = "#00ff00" };
        const auto image = two_halves(16, 8);
        render(image, middle_view(16, 8, pad), pad, 8, planes.data());
        QCOMPARE(int(planes[64 + 0]), 255); // a green bar on top
        QCOMPARE(int(planes[3 * 8]), 255); // red on the left of the fourth line
        QCOMPARE(int(planes[128 + 3 * 8 + 7]), 255); // blue on its right
    }

    void aRandomViewFollowsFromItsKeyAlone()
    {
        const PictureOptions options{ .crop_scale = 0.25, .crop_ratio = 1.5, .flip = true };
        int mirrored = 0;
        double smallest = 1;
        for (std::uint64_t key = 0; key < 400; ++key) {
            const auto [part, mirror] = random_view(60, 40, options, key);
            const auto again = random_view(60, 40, options, key);
            QVERIFY(part.left == again.part.left && part.width == again.part.width
                    && mirror == again.mirrored);
            QVERIFY(part.left >= 0 && part.top >= 0 && part.left + part.width <= 60.001
                    && part.top + part.height <= 40.001);
            mirrored += mirror;
            smallest = std::min(smallest, part.width * part.height / 1600);
        }
        QVERIFY(mirrored > 160 && mirrored < 240);
        QVERIFY(smallest > 0.2 && smallest < 0.35);
    }

    void aMirroredViewSwapsLeftAndRight()
    {
        std::vector<std::uint8_t> planes(3 * 8 * 8);
        auto view = middle_view(8, 8, {});
        view.mirrored = true;
        render(two_halves(8, 8), view, {}, 8, planes.data());
        QCOMPARE(int(planes[0]), 0);
        QCOMPARE(int(planes[7]), 255);
    }

    void onePictureIsResizedAsManyAre()
    {
        const auto tensor = torch::randint(256, { 1, 30, 30, 3 }, torch::kLong).to(torch::kByte);
        const auto* bytes = tensor.data_ptr<std::uint8_t>();
        const Image image{ 30, 30, { bytes, bytes + tensor.numel() } };
        for (const int size : { 8, 13, 30, 47 }) {
            const auto one = resize_lanczos(image, { 0, 0, 30, 30 }, size, size);
            const auto many = resize_lanczos(tensor, size).contiguous();
            for (std::int64_t i = 0; i < many.numel(); ++i)
                QVERIFY(std::abs(int(one.rgb[std::size_t(i)]) - int(many.data_ptr<std::uint8_t>()[i])) <= 1);
        }
    }

    void badOptionsNameThemselves()
    {
        QVERIFY(errorOf([] { check_picture_options({ .resize = "zoom" }); }).contains(u"zoom"));
        QVERIFY(errorOf([] { check_picture_options({ .crop_scale = 0 }); }).contains(u"crop_scale"));
        QVERIFY(errorOf([] { check_picture_options({ .background = "white" }); }).contains(u"white"));
        QVERIFY(errorOf([] { check_picture_options({ .background = "#12345g" }); }).contains(u"#12345g"));
    }

    void compressionLosesNothing()
    {
        auto image = two_halves(90, 7);
        for (std::size_t i = 0; i < 300; ++i) // noise, ramps and repeats take different codes
            image.rgb[600 + i] = std::uint8_t(i * i * 37 + i / 7);
        const auto file = encode_qoi(image);
        QVERIFY(file.size() < image.rgb.size());
        QVERIFY(decode_qoi(file) == image);
        QVERIFY(errorOf([&] { decode_qoi(file.substr(0, file.size() / 2)); }).contains(u"damaged"));
        QVERIFY(errorOf([&] { decode_qoi("qoif"); }).contains(u"damaged"));
    }
};

QTEST_GUILESS_MAIN(PicturesTest)
#include "tst_pictures.moc"
