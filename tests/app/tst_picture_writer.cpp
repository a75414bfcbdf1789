// SPDX-License-Identifier: MIT
#include "app/dream/picture_writer.h"
#include "core/api/picture_file.h"
#include "core/base/file.h"
#include "tests/base/error_of.h"
#include "tests/base/small_files_only.h"

#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace fs = std::filesystem;
using reverie::Picture;

namespace {

Picture picture(int index, const std::string& prompt, int side = 4)
{
    Picture made;
    made.index = index;
    made.prompt = prompt;
    made.seed = 100 + static_cast<std::uint64_t>(index);
    made.image = { side, side, std::vector<std::uint8_t>(static_cast<std::size_t>(side) * side * 3, 7) };
    made.stages = { { 2, 2, std::vector<std::uint8_t>(12, 5) }, made.image };
    made.complete = true;
    return made;
}

std::vector<nlohmann::json> manifestLines(const fs::path& folder)
{
    std::vector<nlohmann::json> lines;
    std::istringstream text(reverie::read_file(folder / "manifest.jsonl"));
    for (std::string line; std::getline(text, line);)
        lines.push_back(nlohmann::json::parse(line));
    return lines;
}

} // namespace

class PictureWriterTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const std::string& name) const { return fs::path(m_folder.path().toStdString()) / name; }

private Q_SLOTS:
    void aFolderIsMadeAndPicturesNamedAfterTheirPrompt()
    {
        PictureWriter writer({ .out = path("new/folder").string() }, 0);
        QVERIFY(writer.write(picture(0, "Red Heart"), {}) == path("new/folder/red-heart.png"));
        QVERIFY(writer.write(picture(1, "Red Heart"), {}) == path("new/folder/red-heart-2.png"));
        QCOMPARE(reverie::read_making(path("new/folder/red-heart-2.png")).seed, 101U);
    }

    void aPatternNamesPicturesAndTheManifestFollows()
    {
        const fs::path folder = path("patterned");
        PictureWriter writer({ .out = folder.string(), .numbered = true, .names = "[seed]/[prompt] [index]" },
                             0);
        QVERIFY(writer.write(picture(0, "Red Heart"), {}) == folder / "100/red-heart 00001.png");
        QVERIFY(manifestLines(folder)[0]["file"] == "100/red-heart 00001.png");
        QVERIFY(errorOf([&] {
                    PictureWriter({ .out = folder.string(), .names = "../[seed]" }, 0);
                }).contains(QLatin1String("leaves the folder")));
        QVERIFY(errorOf([&] {
                    PictureWriter({ .out = path("a.png").string(), .names = "[seed]" }, 0);
                }).contains(QLatin1String("--names")));
    }

    void anExistingFileIsNeverTouched()
    {
        reverie::write_file(path("mine.png"), "precious");
        PictureWriter writer({ .out = path("mine.png").string() }, 0);
        QVERIFY(writer.write(picture(0, "x"), {}) == path("mine-2.png"));
        QVERIFY(reverie::read_file(path("mine.png")) == "precious");
    }

    void aPromptFileMakesNumberedPicturesAndAManifest()
    {
        const auto folder = path("many");
        {
            PictureWriter writer({ .out = folder.string(), .numbered = true }, 0);
            QVERIFY(writer.write(picture(0, "one"), {}) == folder / "00001-100-one.png");
            QVERIFY(writer.write(picture(1, "\"two\"\n\xF0\x9F\x8D\x95"), {})
                    == folder / "00002-101-two.png");
        }
        PictureWriter again({ .out = folder.string(), .numbered = true }, 0);
        again.write(picture(0, "one"), {});
        const auto lines = manifestLines(folder);
        QCOMPARE(lines.size(), std::size_t(3));
        QVERIFY(lines[1]["prompt"] == "\"two\"\n\xF0\x9F\x8D\x95");
        QVERIFY(lines[1]["index"] == 1 && lines[1]["seed"] == 101);
        QVERIFY(lines[2]["file"] == "00001-100-one-2.png");
        for (const auto& line : lines)
            QVERIFY(fs::exists(folder / line["file"].get<std::string>()));
    }

    void anUnfinishedManifestLineIsCutOff()
    {
        const auto folder = path("killed");
        fs::create_directories(folder);
        reverie::write_file(folder / "manifest.jsonl", "{\"prompt\": \"whole\"}\n{\"prompt\": \"ha");
        PictureWriter writer({ .out = folder.string(), .numbered = true }, 0);
        writer.write(picture(0, "next"), {});
        const auto lines = manifestLines(folder);
        QCOMPARE(lines.size(), std::size_t(2));
        QVERIFY(lines[0]["prompt"] == "whole" && lines[1]["prompt"] == "next");
    }

    void aDiskThatFillsUpLeavesNothingHalfWritten()
    {
        const auto folder = path("full");
        PictureWriter writer({ .out = folder.string(), .numbered = true, .saveStages = true }, 0);
        writer.write(picture(0, "fits"), {});
        QString error;
        {
            const SmallFilesOnly limit(6000);
            error = errorOf([&] { writer.write(picture(1, "does not", 64), {}); });
        }
        QVERIFY2(error.contains(QStringLiteral("can't be written")), qPrintable(error));
        QCOMPARE(manifestLines(folder).size(), std::size_t(1));
        QCOMPARE(std::distance(fs::directory_iterator(folder), fs::directory_iterator()),
                 3); // picture, stages, manifest
    }

    void stagesLieBesideThePicture()
    {
        PictureWriter writer({ .out = path("stages.png").string(), .saveStages = true }, 0);
        writer.write(picture(0, "x"), {});
        QCOMPARE(reverie::read_making(path("stages.png.reverie/stage-1.png")).width, 2);
        QVERIFY(fs::exists(path("stages.png.reverie/stage-2.png")));
    }

    void placesThatCanNotBeUsedAreNamedBeforeDrawing()
    {
        const auto open = [](const fs::path& out, std::uintmax_t bytes = 0) {
            return errorOf([&] { const PictureWriter writer({ .out = out.string() }, bytes); });
        };
        reverie::write_file(path("file"), "x");
        QVERIFY(open(path("file")).contains(QStringLiteral("can't be made")));
        QVERIFY(open(path("file/below")).contains(QStringLiteral("can't be made")));
        QVERIFY(open(path("picture.jpg")).contains(QStringLiteral("ends in .png")));
        QVERIFY(open(path("huge"), UINTMAX_MAX / 2).contains(QStringLiteral("no room")));
        QVERIFY(open("/proc/self").contains(QStringLiteral("choose another")));
    }

    void aPromptFileNeedsAFolder()
    {
        QVERIFY(!errorOf([&] {
                     const PictureWriter writer({ .out = path("one.png").string(), .numbered = true }, 0);
                 }).isEmpty());
    }
};

QTEST_GUILESS_MAIN(PictureWriterTest)
#include "tst_picture_writer.moc"
