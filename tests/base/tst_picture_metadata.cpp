// SPDX-License-Identifier: MIT
#include "core/api/picture_metadata.h"
#include "core/api/picture_texts.h"
#include "core/io/exif.h"
#include "core/io/inflate.h"
#include "core/io/png.h"
#include "core/io/xmp.h"
#include "tests/base/error_of.h"

#include <QFile>
#include <QTest>
#include <random>

using reverie::PictureMetadata;
using reverie::PictureTexts;

namespace {

PictureMetadata read(const PictureTexts& texts)
{
    return reverie::read_metadata(reverie::encode_png({ 1, 1, { 1, 2, 3 } }, texts));
}

QByteArray sample(const char* name)
{
    QFile file(QStringLiteral(REVERIE_TEST_DATA "/metadata/") + QLatin1String(name));
    return file.open(QFile::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class PictureMetadataTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void otherProgramsAreRead_data()
    {
        QTest::addColumn<QByteArray>("keyword");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("expected"); // tool|prompt|negative|seed|WxH|model|steps|sampler
        const auto row
            = [](const char* name, const char* keyword, const QByteArray& text, const char* expected) {
                  QTest::newRow(name) << QByteArray(keyword) << text << QByteArray(expected);
              };
        row("A1111", "parameters",
            "a (slice:1.2), of: pizza\nsecond line\nNegative prompt: blurry, \nbad\nSteps: 20, Sampler: "
            "Euler a, CFG "
            "scale: 7, Seed: 123, Size: 512x768, Model hash: abcdef1234, Model: \"a, model\", Version: "
            "v1.10.1",
            "AUTOMATIC1111|a (slice:1.2), of: pizza\nsecond line|blurry, \nbad|123|512x768|a, model|20|Euler "
            "a");
        row("A1111 without settings", "parameters", "a cat: with, commas",
            "AUTOMATIC1111|a cat: with, commas|||0x0||0|");
        row("few settings are prompt", "parameters", "a cat\nSteps: 20, Seed: 1",
            "AUTOMATIC1111|a cat\nSteps: 20, Seed: 1|||0x0||0|");
        row("stable-diffusion.cpp", "parameters",
            "a cat\nNegative prompt: ugly\nSteps: 20, CFG scale: 7.000000, Guidance: 3.5, Seed: 42, Size: "
            "512x512, Model: "
            "sd.gguf, RNG: cuda, Sampler: euler_a, Version: stable-diffusion.cpp, SDCPP: {\"a\": \"x, Steps: "
            "9, y: z\"}",
            "stable-diffusion.cpp|a cat|ugly|42|512x512|sd.gguf|20|euler_a");
        row("InvokeAI", "invokeai_metadata", sample("invokeai.json"),
            "InvokeAI|a fox|fog|4294967295|640x512|sdxl|30|euler");
        row("InvokeAI 2", "sd-metadata", sample("invokeai-2.json"),
            "InvokeAI|a bird||9|512x512|sd-1.4|50|k_lms");
        row("InvokeAI 1", "Dream", "\"an \\\"old\\\" tree\" -s 50 -S 77 -W 512 -H 640 -C 7.5 -A k_lms",
            "InvokeAI|an \"old\" tree||77|512x640||50|k_lms");
        row("ComfyUI", "prompt", sample("comfyui.json"),
            "ComfyUI|NaN glass \"bottle\"|text, watermark|156680208700286|512x768|v1-5.safetensors|20|euler");
        row("ComfyUI, custom sampler", "prompt", sample("comfyui-custom.json"),
            "ComfyUI|a fox||7|1024x1024|flux1.safetensors|4|euler");
        row("a graph that bites its tail", "prompt",
            "{\"1\": {\"inputs\": {\"seed\": 1, \"positive\": [\"2\", 0]}}, \"2\": {\"inputs\": "
            "{\"positive\": [\"2\", 0]}}}",
            "ComfyUI|||1|0x0||0|");
        row("no graph", "prompt", "[1, 2", "|||||0x0||0|");
        row("wrong types", "invokeai_metadata",
            "{\"positive_prompt\": 3, \"seed\": -1, \"steps\": \"x\", \"model\": []}", "InvokeAI||||0x0||0|");
    }

    void otherProgramsAreRead()
    {
        QFETCH(QByteArray, keyword);
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, expected);
        const auto m = read({ { keyword.toStdString(), text.toStdString() } });
        const std::string seed = m.seed ? std::to_string(*m.seed) : "";
        const std::string got = m.tool + "|" + m.prompt + "|" + m.negative_prompt + "|" + seed + "|"
            + std::to_string(m.width) + "x" + std::to_string(m.height) + "|" + m.model + "|"
            + std::to_string(m.steps) + "|" + m.sampler;
        if (expected.startsWith("||||"))
            QVERIFY(m.tool.empty() && m.prompt.empty());
        else
            QCOMPARE(QByteArray::fromStdString(got), expected);
    }

    void compressedTextIsRead()
    {
        // zlib.compress(b"hello " * 20)
        const std::string zlib("\x78\x9c\xcb\x48\xcd\xc9\xc9\x57\xc8\xa0\x3b\x09\x00\x77\xba\x2c\x11", 17);
        QCOMPARE(reverie::inflate_zlib(zlib, 1000).size(), std::size_t(120));
        QVERIFY(!errorOf([&] { reverie::inflate_zlib(zlib, 100); }).isEmpty());
        for (std::size_t size = 0; size + 5 < zlib.size(); ++size)
            QVERIFY(!errorOf([&] {
                         reverie::inflate_zlib(std::string_view(zlib).substr(0, size), 1000);
                     }).isEmpty());
    }

    void exifHoldsAnyText()
    {
        const std::string text = "a cat \xF0\x9F\x90\xB1 \xD9\x85\xD8\xB1 \xE7\x8C\xAB\nSteps: 1";
        QVERIFY(reverie::exif_texts(reverie::exif_with_comment(text))
                == (PictureTexts{ { "parameters", text } }));
        const auto exif = reverie::exif_with_comment(text);
        for (std::size_t size = 0; size < exif.size(); ++size)
            reverie::exif_texts(std::string_view(exif).substr(0, size));
    }

    void xmpHoldsTheRecord()
    {
        const std::string record = "{\"prompt\":\"<a & 'b'>\\u001b\"}";
        const auto packet
            = reverie::xmp_with_record(reverie::xmp_packet(reverie::DigitalSource::Composite, "1"), record);
        QVERIFY(reverie::record_in_xmp(packet) == record);
        QVERIFY(packet.find("compositeWithTrainedAlgorithmicMedia") != std::string::npos);
    }

    void strippingAPngLeavesOnlyPixels()
    {
        const reverie::Image image{ 2, 2, std::vector<std::uint8_t>(12, 9) };
        const auto png
            = reverie::encode_png(image, { { "parameters", "a secret" }, { "XML:com.adobe.xmp", "<x/>" } });
        QVERIFY(reverie::without_texts(png) == reverie::encode_png(image));
    }

    void damagedPicturesNeverCrash()
    {
        std::mt19937 random(7);
        const auto sound = reverie::encode_png({ 2, 2, std::vector<std::uint8_t>(12, 9) },
                                               { { "parameters", "x\nSteps: 1, Seed: 2, Size: 3x4" },
                                                 { "prompt", sample("comfyui.json").toStdString() } });
        for (int round = 0; round < 2000; ++round) {
            auto bytes = sound.substr(0, random() % sound.size());
            for (int i = 0; i < 8 && !bytes.empty(); ++i)
                bytes[random() % bytes.size()] = static_cast<char>(random());
            reverie::read_metadata(bytes);
            errorOf([&] { reverie::without_texts(bytes); });
        }
    }
};

QTEST_GUILESS_MAIN(PictureMetadataTest)
#include "tst_picture_metadata.moc"
