// SPDX-License-Identifier: MIT
#include "core/api/dataset_inspection.h"
#include "core/data/caption_files.h"
#include "core/data/dataset_check.h"
#include "core/data/shapes.h"
#include "core/io/dataset_file.h"
#include "tests/base/error_of.h"
#include "tests/data/picture_files.h"

#include <QTemporaryDir>
#include <QTest>
#include <torch/torch.h>

#include <algorithm>

using namespace reverie;
namespace fs = std::filesystem;

namespace {

/// The most that this process held so far, in bytes.
std::size_t peakMemory()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:"))
            return std::stoul(line.substr(6)) * 1024;
    return 0;
}

bool mentions(const std::vector<Flaw>& flaws, Flaw::Kind kind, const std::string& text)
{
    return std::any_of(flaws.begin(), flaws.end(), [&](const Flaw& flaw) {
        return flaw.kind == kind && flaw.sentence.find(text) != std::string::npos;
    });
}

} // namespace

class PictureSetsTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path at(const std::string& name) const { return fs::path(m_folder->path().toStdString()) / name; }
    std::string root() const { return m_folder->path().toStdString(); }
    std::string pictureBytes(const QColor& colour)
    {
        writePicture(at("aside/one.jpg"), colour);
        const auto bytes = readText(at("aside/one.jpg"));
        fs::remove_all(at("aside"));
        return bytes;
    }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void captionsStandInTextFiles()
    {
        writePicture(at("b.png"), Qt::red);
        writeText(at("b.txt"), "  a red\n square \n");
        writePicture(at("sub/a.jpg"), Qt::blue);
        writeText(at("sub/a.txt"), "a blue square");
        writePicture(at("none.webp"), Qt::green);
        const auto set = open_dataset(root());
        QVERIFY(set->captions() == (std::vector<std::string>{ "a red square", "", "a blue square" }));
        QVERIFY(set->train() == (Rows{ 0, 2 }));
        QVERIFY(mentions(set->flaws(), Flaw::Kind::no_caption, "none.webp"));
        const auto picture = open_dataset(root(), 8)->pictures({ 2 })[0]; // (3, 8, 8)
        QVERIFY(picture[2].min().item<int>() > 240);
        QVERIFY(picture[0].max().item<int>() < 15);
    }

    void elseTheyStandInNames_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("caption");
        QTest::newRow("words") << QStringLiteral("a-red_cat.jpg") << QStringLiteral("a red cat");
        QTest::newRow("copy") << QStringLiteral("a red cat (2).jpg") << QStringLiteral("a red cat");
        QTest::newRow("ours") << QStringLiteral("00012-4711-slice-of-pizza-2.png")
                              << QStringLiteral("slice of pizza");
        QTest::newRow("count") << QStringLiteral("3 cats.jpg") << QStringLiteral("3 cats");
        QTest::newRow("camera") << QStringLiteral("IMG_1234.JPG") << QString();
        QTest::newRow("number") << QStringLiteral("000017.png") << QString();
        QTest::newRow("hash") << QStringLiteral("9f86d081884c7d65.png") << QString();
        QTest::newRow("letters") << QStringLiteral("ein Kätzchen.webp") << QStringLiteral("ein Kätzchen");
    }
    void elseTheyStandInNames()
    {
        QFETCH(QString, name);
        QFETCH(QString, caption);
        QCOMPARE(QString::fromStdString(caption_of_name(name.toStdString())), caption);
    }

    void aTableOfCaptionsSurvivesABrokenLine()
    {
        for (const char* name : { "1.png", "2.png", "deep/3.png" })
            writePicture(at(name), Qt::red);
        writeText(at("metadata.jsonl"),
                  "{\"file_name\": \"1.png\", \"text\": \"one\"}\n"
                  "{\"file_name\": \"2.png\", \"text\": \n"
                  "\n"
                  "{\"file_name\": \"deep/3.png\", \"text\": \"three\"}\n"
                  "{\"file_name\": \"../../etc/passwd.png\", \"text\": \"no\"}\n"
                  "{\"file_name\": \"1.png\", \"text\": \"another one\"}\n");
        const auto set = open_dataset(root());
        QVERIFY(set->captions() == (std::vector<std::string>{ "one", "three", "another one" }));
        QVERIFY(mentions(set->flaws(), Flaw::Kind::damaged_file, "line 2"));
        QVERIFY(mentions(set->flaws(), Flaw::Kind::unreadable, "passwd"));
        QCOMPARE(set->train().size(), std::size_t(3));
    }

    void aTableMayBeCsv()
    {
        for (const char* name : { "1.png", "2.png", "3.png" })
            writePicture(at("test/" + std::string(name)), Qt::red);
        writeText(at("test/metadata.csv"),
                  "file_name,artist,text\r\n1.png,me,\"one, \"\"quoted\"\"\nover "
                  "lines\"\r\n2.png,two\r\n3.png,,three\r\n");
        const auto set = open_dataset(root());
        QVERIFY(set->captions() == (std::vector<std::string>{ "one, \"quoted\" over lines", "three" }));
        QVERIFY(mentions(set->flaws(), Flaw::Kind::damaged_file, "line 4"));
        QVERIFY(set->test() == (Rows{ 0, 1 })); // in a folder called test
        writeText(at("test/metadata.csv"), "a,b\n1,2\n");
        QVERIFY(errorOf([&] { open_dataset(root()); }).contains(u"no column called text"));
    }

    void anEndlessLineIsNotRead()
    {
        writePicture(at("a.png"), Qt::red);
        writePicture(at("b.png"), Qt::blue);
        writeText(at("metadata.jsonl"), "{\"file_name\": \"a.png\", \"text\": \"a\"}\n");
        fs::resize_file(at("metadata.jsonl"), 1U << 30U);
        const auto before = peakMemory();
        const auto lines = open_dataset(root());
        QVERIFY(lines->captions() == (std::vector<std::string>{ "a" }));
        QVERIFY(mentions(lines->flaws(), Flaw::Kind::damaged_file, "line 2, is longer than 1 MiB"));
        fs::remove(at("metadata.jsonl"));
        writeText(at("metadata.csv"), "file_name,text\na.png,\"a\nb.png,b\n");
        fs::resize_file(at("metadata.csv"), 1U << 30U);
        QVERIFY(errorOf([&] { open_dataset(root()); }).contains(u"line 2, is longer than 1 MiB"));
        fs::remove(at("metadata.csv"));
        writeText(at("a.txt"), "a");
        fs::resize_file(at("a.txt"), 1U << 30U);
        writeText(at("b.txt"), "b");
        const auto texts = open_dataset(root());
        QVERIFY(texts->train() == (Rows{ 1 }));
        QCOMPARE(texts->flaws().size(), std::size_t(1));
        QVERIFY(mentions(texts->flaws(), Flaw::Kind::no_caption, "a.txt is longer than 64 KiB"));
        QVERIFY2(peakMemory() - before < 64U << 20U, "it was read into memory");
    }

    void foldersMayBeOddAndBroken()
    {
        writePicture(at("cafe.png"), Qt::red);
        fs::rename(at("cafe.png"), at("caf\xe9.png")); // no UTF-8
        fs::create_directory_symlink(root(), at("loop"));
        fs::create_symlink("nowhere", at("gone.png"));
        writePicture(at(".hidden.png"), Qt::red);
        writeText(at("empty cat.png"), "");
        const auto set = open_dataset(root());
        QVERIFY(set->captions() == (std::vector<std::string>{ "caf\xef\xbf\xbd", "empty cat" }));
        QVERIFY(set->train() == (Rows{ 0 }));
        QVERIFY(mentions(set->flaws(), Flaw::Kind::unreadable, "gone.png"));
        QVERIFY(mentions(set->flaws(), Flaw::Kind::unreadable, "empty cat.png is empty"));
        fs::remove(at("caf\xe9.png")); // Qt would leave it behind
    }

    void whatCanNotBeUsedSaysWhy_data()
    {
        QTest::addColumn<QString>("spec");
        QTest::addColumn<QString>("reason");
        QTest::newRow("empty") << QStringLiteral("empty") << QStringLiteral("There is no JPEG");
        QTest::newRow("unnamed") << QStringLiteral("unnamed") << QStringLiteral("has no caption");
        QTest::newRow("no tar") << QStringLiteral("text.tar") << QStringLiteral("can't be read as a tar");
        QTest::newRow("missing tar") << QStringLiteral("{0..1}.tar")
                                     << QStringLiteral("0.tar does not exist");
        QTest::newRow("range") << QStringLiteral("{9..1}.tar") << QStringLiteral("is no range");
        QTest::newRow("other") << QStringLiteral("what") << QStringLiteral("There is no data set");
    }
    void whatCanNotBeUsedSaysWhy()
    {
        QFETCH(QString, spec);
        QFETCH(QString, reason);
        fs::create_directory(at("empty"));
        writePicture(at("unnamed/IMG_1.png"), Qt::red);
        writeText(at("text.tar"), std::string(2000, 'x'));
        const auto error = errorOf([&] { open_dataset(at(spec.toStdString()).string(), 8); });
        QVERIFY2(error.contains(reason) && error.endsWith(u'.'), qPrintable(error));
    }

    void tarsHoldPicturesAndCaptions()
    {
        const auto red = pictureBytes(Qt::red), blue = pictureBytes(Qt::blue);
        const std::string deep(80, 'd');
        writeText(at("00000.tar"),
                  tarOf({ { "000000000.jpg", red },
                          { "000000000.json", R"({"caption": "by json"})" },
                          { "000000001.txt", "by text" },
                          { "000000001.jpg", blue },
                          { "000000001.json", R"({"caption": "not this"})" } }));
        writeText(at("00001.tar"),
                  tarOf({ { deep + "/000010000.jpg", red }, { deep + "/000010000.txt", "deep" } }));
        for (const auto& spec : { root(), at("{00000..00001}.tar").string(),
                                  at("00000.tar").string() + "," + at("00001.tar").string() }) {
            const auto set = open_dataset(spec, 8);
            QVERIFY(set->captions() == (std::vector<std::string>{ "by json", "by text", "deep" }));
            const auto pictures = set->pictures({ 0, 1, 2 });
            QVERIFY(pictures[0][0].min().item<int>() > 240);
            QVERIFY(pictures[1][2].min().item<int>() > 240);
            QVERIFY(pictures[2][0].min().item<int>() > 240);
            QVERIFY(set->flaws().empty());
        }
    }

    void ofACutTarTheWholeIsUsed()
    {
        const auto red = pictureBytes(Qt::red);
        auto tar = tarOf({ { "1.jpg", red }, { "1.txt", "one" }, { "2.txt", "two" }, { "2.jpg", red } });
        tar.resize(tar.size() - 1024 - 600);
        writeText(at("cut.tar"), tar);
        const auto set = open_dataset(at("cut.tar").string(), 8);
        QVERIFY(set->captions() == (std::vector<std::string>{ "one" }));
        QVERIFY(set->pictures({ 0 })[0][0].min().item<int>() > 240);
        QVERIFY(mentions(set->flaws(), Flaw::Kind::damaged_file, "cut.tar is cut short"));
    }

    void embeddingsLieBesideTheirTars()
    {
        const auto red = pictureBytes(Qt::red);
        writeText(at("00007.tar"),
                  tarOf({ { "000070000.jpg", red },
                          { "000070000.txt", "zero" },
                          { "000070002.jpg", red },
                          { "000070002.txt", "two" } }));
        writeText(at("img_emb/img_emb_0007.npy"), npyOf({ 0, 1, 2, 3, 4, 5 }, 3));
        writeText(at("text_emb_7.npy"), npyOf({ 9, 8, 7 }, 3));
        const auto set = open_dataset(at("00007.tar").string(), 8);
        QVERIFY(torch::equal(set->image_embeds({ 1, 0 }), torch::tensor({ { 4.F, 5.F }, { 0.F, 1.F } })));
        QVERIFY(torch::equal(set->text_embeds({ 1 }), torch::tensor({ { 7.F } })));
        QVERIFY(inspect_dataset(at("00007.tar").string()).has_image_embeds);
        writeText(at("00008.tar"), tarOf({ { "000080000.jpg", red }, { "000080000.txt", "another" } }));
        const auto both = open_dataset(at("{00007..00008}.tar").string(), 8);
        QVERIFY(both->train() == (Rows{ 0, 1 }));
        QVERIFY(mentions(both->flaws(), Flaw::Kind::damaged_file, "00008.tar has no img_emb_*.npy"));
    }

    void embeddingsMayComeAlone()
    {
        writeText(at("img_emb/img_emb_0.npy"), npyOf({ 0, 1, 2, 3 }, 2));
        writeText(at("img_emb/img_emb_1.npy"), npyOf({ 4, 5 }, 1));
        writeText(at("text_emb/text_emb_0.npy"), npyOf({ 0, 0, 0, 0 }, 2));
        writeText(at("text_emb/text_emb_1.npy"), npyOf({ 6, 7 }, 1));
        writeText(at("metadata/metadata_0.jsonl"), "{\"caption\": \"a\"}\n{\"caption\": \"b\"}\n");
        const auto set = open_dataset(root(), 8);
        QVERIFY(set->captions() == (std::vector<std::string>{ "a", "b", "" }));
        QVERIFY(!set->has_pictures());
        QVERIFY(torch::equal(set->image_embeds({ 2, 1 }), torch::tensor({ { 4.F, 5.F }, { 2.F, 3.F } })));
        QVERIFY(torch::equal(set->text_embeds({ 2 }), torch::tensor({ { 6.F, 7.F } })));
        writeText(at("text_emb/text_emb_1.npy"), npyOf({ 6, 7, 8, 9 }, 2));
        QVERIFY(errorOf([&] { open_dataset(root(), 8); }).contains(u"has 2 rows"));
        writeText(at("text_emb/text_emb_1.npy"), npyOf({ 6, 7 }, 1).substr(0, 130));
        QVERIFY(errorOf([&] { open_dataset(root(), 8); }).contains(u"is cut short"));
    }

    void copiesAreTrainedOnOnce()
    {
        writePicture(at("one.png"), Qt::red);
        writeText(at("one.txt"), "red");
        fs::copy_file(at("one.png"), at("two.png"));
        writeText(at("two.txt"), "red");
        fs::copy_file(at("one.png"), at("three.png"));
        writeText(at("three.txt"), "crimson");
        const auto set = open_dataset(root());
        QCOMPARE(set->train().size(), std::size_t(2));
        QVERIFY(mentions(set->flaws(), Flaw::Kind::duplicate, "two.png is a copy of"));
    }

    /// As others save it: smaller, compressed more, a little brighter. What only resembles it is another one.
    void whatLooksNearlyTheSameIsPaired()
    {
        const auto save
            = [this](const Image& scene, const std::string& name, int quality, int size, int lighter) {
                  QImage picture(scene.rgb.data(), scene.width, scene.height, scene.width * 3,
                                 QImage::Format_RGB888);
                  picture = picture.scaled(size, size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
                  for (int y = 0; y < size; ++y)
                      for (int i = 0; i < 3 * size; ++i)
                          picture.scanLine(y)[i] = uchar(std::min(picture.scanLine(y)[i] + lighter, 255));
                  fs::create_directories(at("in"));
                  picture.save(QString::fromStdString(at("in/" + name).string()), nullptr, quality);
              };
        for (std::uint64_t i = 0; i < 60; ++i)
            save(draw_scene(shape_scene(i), 128), "a scene " + std::to_string(100 + i) + " here.png", -1, 128,
                 0);
        save(draw_scene(shape_scene(3), 128), "b compressed.jpg", 40, 128, 0);
        save(draw_scene(shape_scene(4), 128), "b smaller.png", -1, 70, 0);
        save(draw_scene(shape_scene(5), 128), "b brighter.png", -1, 128, 12);
        const auto found = check_whole_dataset(at("in").string(), { 32, at("sheet.png") }, {}, {});
        std::vector<std::string> pairs;
        for (const auto& flaw : found.flaws)
            pairs.push_back(flaw.kind + ": " + fs::path(flaw.name).filename().string() + ", "
                            + fs::path(flaw.other).filename().string());
        const std::vector<std::string> expected = { "near duplicate: b brighter.png, a scene 105 here.png",
                                                    "near duplicate: b compressed.jpg, a scene 103 here.png",
                                                    "near duplicate: b smaller.png, a scene 104 here.png" };
        for (const auto& pair : pairs)
            qInfo("%s", pair.c_str());
        QVERIFY(pairs == expected);
        QCOMPARE(found.usable, std::int64_t(63));
        const QImage sheet(QString::fromStdString(at("sheet.png").string()));
        for (int i = 0; i < 6; ++i) // each beside the one it repeats
            QCOMPARE(sheet.pixelColor(104 * i + 1, 1), QColor(80, 180, 240));
        QCOMPARE(sheet.pixelColor(104 * 6 + 1, 1), QColor(Qt::white));
    }

    void ofManyPicturesSomeAreHeldOut()
    {
        for (int i = 0; i < 200; ++i)
            writeText(at("picture " + std::to_string(i) + " of a thing.png"), std::to_string(i));
        const auto set = open_dataset(root());
        QVERIFY(set->test().size() >= 3 && set->test().size() <= 25);
        QCOMPARE(set->train().size() + set->test().size(), std::size_t(200));
    }

    void aCheckFindsEverythingThatIsWrong()
    {
        writePicture(at("in/a good one.png"), Qt::red);
        writePicture(at("in/another good one.png"), Qt::green);
        writePicture(at("in/so small.png"), Qt::blue, 9, 9);
        fs::copy_file(at("in/a good one.png"), at("in/the good one again.png"));
        writePicture(at("in/IMG_77.png"), Qt::yellow);
        writeText(at("in/a bad one.jpg"), "\xff\xd8\xff nothing else");
        writeText(at("in/an empty one.png"), "");
        const auto found = check_whole_dataset(at("in").string(), { 32, at("sheet.png") }, {}, {});
        std::vector<std::string> kinds;
        for (const auto& flaw : found.flaws)
            kinds.push_back(flaw.kind + ": " + fs::path(flaw.name).filename().string());
        std::sort(kinds.begin(), kinds.end());
        const std::vector<std::string> expected
            = { "duplicate: the good one again.png", "no caption: IMG_77.png", "tiny: so small.png",
                "unreadable: a bad one.jpg", "unreadable: an empty one.png" };
        QVERIFY(kinds == expected);
        QCOMPARE(found.pictures, std::int64_t(7));
        QCOMPARE(found.usable, std::int64_t(3)); // the copy has another caption, its name
        const QImage sheet(QString::fromStdString(at("sheet.png").string()));
        QCOMPARE(sheet.width(), 7 * 104);
        QCOMPARE(sheet.pixelColor(1, 1), QColor(240, 200, 0)); // IMG_77
        QCOMPARE(sheet.pixelColor(105, 1), QColor(220, 20, 30)); // a bad one
        const auto clean = check_whole_dataset("shapes:20", {}, {}, {});
        QVERIFY(clean.flaws.empty());
        QCOMPARE(clean.usable, std::int64_t(20));
    }

    void aPackOfPicturesHoldsTheUsableOnes()
    {
        writePicture(at("in/a good one.png"), Qt::red);
        writeText(at("in/a bad one.jpg"), "\xff\xd8\xff nothing else");
        writePicture(at("in/wide blue.png"), Qt::blue, 80, 40);
        const auto pack = at("pack.safetensors");
        const PictureOptions pad{ .resize = "pad", .background = "#00ff00" };
        QCOMPARE(write_dataset_pack(at("in").string(), 32, pad, pack), std::int64_t(2));
        const auto set = open_dataset(pack, 32);
        QVERIFY(set->captions() == (std::vector<std::string>{ "a good one", "wide blue" }));
        QVERIFY(
            torch::equal(set->pictures({ 1 }), open_dataset(at("in").string(), 32, pad)->pictures({ 2 })));
        QCOMPARE(set->pictures({ 1 })[0][1][0][0].item<int>(), 255);
    }

    void namesOfManyFilesAreWrittenShort()
    {
        QVERIFY(expand_braces("a{08..10}b{x,y}.tar,c.tar")
                == (std::vector<std::string>{ "a08bx.tar", "a08by.tar", "a09bx.tar", "a09by.tar", "a10bx.tar",
                                              "a10by.tar", "c.tar" }));
    }
};

QTEST_GUILESS_MAIN(PictureSetsTest)
#include "tst_picture_sets.moc"
