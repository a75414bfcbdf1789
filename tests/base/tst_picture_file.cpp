// SPDX-License-Identifier: MIT
#include "core/api/picture_file.h"
#include "core/base/file.h"
#include "core/io/png.h"
#include "tests/base/error_of.h"

#include <QImage>
#include <QTemporaryDir>
#include <QTest>

namespace fs = std::filesystem;
using reverie::Image;
using reverie::PictureMaking;

namespace {

Image gradient(int width, int height)
{
    Image image{ width, height, {} };
    for (int i = 0; i < width * height * 3; ++i)
        image.rgb.push_back(static_cast<std::uint8_t>(i * 7));
    return image;
}

PictureMaking someMaking()
{
    PictureMaking making;
    making.prompt = "person: dark skin tone, \"quoted\"\n\xF0\x9F\x8D\x95";
    making.seed = (1ULL << 53U) - 1;
    making.width = making.height = 64;
    making.settings
        = { 2.5,   1.5,  25, { 20, 10 }, 3, reverie::Sampler::Ddim, 0.25, "A, model", std::string(64, 'a'),
            "cpu", "f32" };
    making.version = "0.1.0";
    return making;
}

} // namespace

class PictureFileTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }

private Q_SLOTS:
    void aPngDecodesToTheSamePixels_data()
    {
        QTest::addColumn<QSize>("size");
        QTest::newRow("one pixel") << QSize(1, 1);
        QTest::newRow("odd") << QSize(7, 3);
        QTest::newRow("several stored blocks") << QSize(256, 200);
    }

    void aPngDecodesToTheSamePixels()
    {
        QFETCH(QSize, size);
        const auto image = gradient(size.width(), size.height());
        const auto decoded = QImage::fromData(QByteArray::fromStdString(reverie::encode_png(image)), "PNG")
                                 .convertToFormat(QImage::Format_RGB888);
        QCOMPARE(decoded.size(), size);
        for (int y = 0; y < image.height; ++y)
            QVERIFY(std::equal(decoded.constScanLine(y), decoded.constScanLine(y) + image.width * 3,
                               image.rgb.begin() + static_cast<std::ptrdiff_t>(y) * image.width * 3));
    }

    void pngTextsSurviveInAnyLanguage()
    {
        const reverie::PngTexts texts = { { "plain", "words" },
                                          { "latin", "cr\xC3\xA8me" },
                                          { "other", "\xE5\xAF\xBF\xE5\x8F\xB8" },
                                          { "XML:com.adobe.xmp", "<x/>" } };
        const auto png = reverie::encode_png(gradient(2, 2), texts);
        QVERIFY(reverie::png_texts(png) == texts);
        const auto decoded = QImage::fromData(QByteArray::fromStdString(png), "PNG");
        QCOMPARE(decoded.text(QStringLiteral("latin")), QString::fromUtf8("cr\xC3\xA8me"));
        QCOMPARE(decoded.text(QStringLiteral("other")), QString::fromUtf8("\xE5\xAF\xBF\xE5\x8F\xB8"));
    }

    void whatIsNoWholePngIsRefused()
    {
        const auto png = reverie::encode_png(gradient(4, 4), { { "key", "text" } });
        QVERIFY(!errorOf([] { reverie::png_texts("GIF89a"); }).isEmpty());
        for (std::size_t size = 0; size < png.size(); ++size)
            QVERIFY(!errorOf([&] { reverie::png_texts(std::string_view(png).substr(0, size)); }).isEmpty());
        QVERIFY(!errorOf([] { reverie::encode_png({ 2, 2, { 1, 2, 3 } }); }).isEmpty());
    }

    void theMakingComesBack()
    {
        const auto making = someMaking();
        reverie::write_picture(path("made.png"), gradient(64, 64), making);
        const auto read = reverie::read_making(path("made.png"));
        QVERIFY(reverie::to_json(read) == reverie::to_json(making));
        const auto request = reverie::request_from(read);
        QVERIFY(request.prompts == std::vector<std::string>{ making.prompt });
        QCOMPARE(request.seed, making.seed);
        QVERIFY(request.steps == making.settings.steps);
        QVERIFY(request.sampler == reverie::Sampler::Ddim);
        QCOMPARE(request.eta.value_or(-1), 0.25);
    }

    void theParametersTextIsWhatOtherProgramsRead()
    {
        auto making = someMaking();
        making.prompt = "a slice of pizza";
        QCOMPARE(QString::fromStdString(reverie::a1111_parameters(making)),
                 QStringLiteral(
                     "a slice of pizza\nSteps: 10, Sampler: DDIM, CFG scale: 2.5, Seed: 9007199254740991, "
                     "Size: 64x64, Model hash: aaaaaaaaaa, Model: \"A, model\", Prior steps: 25, "
                     "Prior CFG scale: 1.5, Prior candidates: 3, Stage 1 steps: 20, Eta: 0.25, "
                     "Version: Reverie 0.1.0"));
    }

    void theOriginIsMarked()
    {
        reverie::write_picture(path("marked.png"), gradient(8, 8), someMaking());
        const auto texts = reverie::png_texts(reverie::read_file(path("marked.png")));
        const auto xmp = std::find_if(texts.begin(), texts.end(),
                                      [](const auto& t) { return t.first == "XML:com.adobe.xmp"; });
        QVERIFY(xmp != texts.end());
        QVERIFY(xmp->second.find("digitalsourcetype/trainedAlgorithmicMedia") != std::string::npos);
    }

    void picturesWithoutARecordSayNothing()
    {
        reverie::write_file(path("bare.png"), reverie::encode_png(gradient(2, 2)));
        reverie::write_file(path("broken.png"),
                            reverie::encode_png(gradient(2, 2), { { "reverie", "{\"format\": 1}" } }));
        reverie::write_file(path("newer.png"),
                            reverie::encode_png(gradient(2, 2), { { "reverie", "{\"format\": 99}" } }));
        QVERIFY(errorOf([&] {
                    reverie::read_making(path("bare.png"));
                }).contains(QStringLiteral("does not say")));
        QVERIFY(
            errorOf([&] { reverie::read_making(path("broken.png")); }).contains(QStringLiteral("damaged")));
        QVERIFY(errorOf([&] { reverie::read_making(path("newer.png")); }).contains(QStringLiteral("newer")));
    }

    void promptsBecomeFileNames_data()
    {
        QTest::addColumn<QByteArray>("prompt");
        QTest::addColumn<QByteArray>("name");
        QTest::newRow("words") << QByteArray("A slice of Pizza") << QByteArray("a-slice-of-pizza");
        QTest::newRow("path") << QByteArray("../../etc/passwd") << QByteArray("etc-passwd");
        QTest::newRow("shell") << QByteArray("$(rm -rf *); `x`|\"y\"\n") << QByteArray("rm-rf-x-y");
        QTest::newRow("apostrophe") << QByteArray("woman\xE2\x80\x99s hat, man's hat")
                                    << QByteArray("womans-hat-mans-hat");
        QTest::newRow("accents") << QByteArray("\xC3\x89"
                                               "clair")
                                 << QByteArray("\xC3\xA9"
                                               "clair");
        QTest::newRow("chinese") << QByteArray("\xE5\xAF\xBF\xE5\x8F\xB8\xEF\xBC\x81")
                                 << QByteArray("\xE5\xAF\xBF\xE5\x8F\xB8");
        QTest::newRow("emoji") << QByteArray("\xF0\x9F\x8D\x95") << QByteArray("picture");
        QTest::newRow("nothing") << QByteArray(" \t-- ") << QByteArray("picture");
        QTest::newRow("control") << QByteArray("a\x1b[31mb") << QByteArray("a-31mb");
        QTest::newRow("long") << QByteArray(10'000, 'x') << QByteArray(60, 'x');
    }

    void promptsBecomeFileNames()
    {
        QFETCH(QByteArray, prompt);
        QFETCH(QByteArray, name);
        QCOMPARE(QByteArray::fromStdString(reverie::slug(prompt.toStdString())), name);
    }

    void anExistingNameIsNumbered()
    {
        const auto wanted = path("taken.png");
        QVERIFY(reverie::unused_path(wanted) == wanted);
        reverie::write_file(wanted, "x");
        QVERIFY(reverie::unused_path(wanted) == path("taken-2.png"));
        fs::create_symlink("nowhere", path("taken-2.png"));
        QVERIFY(reverie::unused_path(wanted) == path("taken-3.png"));
    }
};

QTEST_GUILESS_MAIN(PictureFileTest)
#include "tst_picture_file.moc"
