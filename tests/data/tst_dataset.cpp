// SPDX-License-Identifier: MIT
#include "core/api/dataset_inspection.h"
#include "core/data/emoji.h"
#include "core/data/lanczos.h"
#include "core/io/dataset_file.h"
#include "core/io/safetensors.h"
#include "tests/base/error_of.h"

#include <QTemporaryDir>
#include <QTest>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>

namespace {

std::int64_t row_of(const reverie::Dataset& dataset, const std::string& caption)
{
    const auto& captions = dataset.captions();
    return std::find(captions.begin(), captions.end(), caption) - captions.begin();
}

/// Mean colour of a picture, (3) in 0 .. 255.
torch::Tensor mean_colour(const reverie::Dataset& dataset, const std::string& caption)
{
    return dataset.pictures({ row_of(dataset, caption) })[0].to(torch::kFloat).mean({ 1, 2 });
}

} // namespace

class DatasetTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<reverie::Dataset> m_emoji;
    QTemporaryDir m_folder;
    std::filesystem::path path(const char* name) const
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }

private Q_SLOTS:
    void initTestCase() { m_emoji = reverie::open_dataset("emoji", 16); }

    void everyFullyQualifiedEmojiHasAPicture()
    {
        const auto count = m_emoji->captions().size();
        QVERIFY(count >= 3655);
        QCOMPARE(m_emoji->train().size() + m_emoji->test().size(), count);
        QCOMPARE(m_emoji->native_size(), 136);
        std::vector<std::int64_t> all(count);
        std::iota(all.begin(), all.end(), 0);
        const auto pictures = m_emoji->pictures(all);
        QVERIFY((pictures.sizes() == torch::IntArrayRef{ std::int64_t(count), 3, 16, 16 }));
        const auto ink = (255 - pictures.to(torch::kFloat)).mean({ 1, 2, 3 });
        QVERIFY(ink.min().item<double>() > 1);
    }

    void theTestSplitIsATenthOfTheSkinTones()
    {
        QVERIFY(m_emoji->test().size() >= 205);
        for (const auto row : m_emoji->test())
            QVERIFY(reverie::is_held_out_emoji(m_emoji->captions()[std::size_t(row)]));
        QVERIFY(reverie::is_held_out_emoji("waving hand: medium skin tone"));
        QVERIFY(!reverie::is_held_out_emoji("thumbs up: dark skin tone"));
        QVERIFY(!reverie::is_held_out_emoji("face blowing a kiss"));
    }

    /// Sequences that must be shaped as one glyph show their own picture.
    void sequencesAreDrawnAsOnePicture()
    {
        const auto light = mean_colour(*m_emoji, "thumbs up: light skin tone");
        const auto dark = mean_colour(*m_emoji, "thumbs up: dark skin tone");
        QVERIFY((light - dark).min().item<double>() > 20);
        const auto france = mean_colour(*m_emoji, "flag: France"),
                   ireland = mean_colour(*m_emoji, "flag: Ireland");
        QVERIFY((france - ireland).abs().max().item<double>() > 20);
        const auto pirates = mean_colour(*m_emoji, "pirate flag"),
                   black = mean_colour(*m_emoji, "black flag");
        QVERIFY((pirates - black).abs().max().item<double>() > 5);
    }

    void aPackHoldsTheSame()
    {
        const auto pack = path("emoji.safetensors");
        const auto count = reverie::write_dataset_pack("emoji", 16, {}, pack);
        QCOMPARE(count, std::int64_t(m_emoji->captions().size()));
        QVERIFY(std::filesystem::file_size(pack) < m_emoji->captions().size() * 16 * 16 * 3);
        const auto read = reverie::open_dataset(pack, 16);
        QVERIFY(read->captions() == m_emoji->captions());
        QVERIFY(read->test() == m_emoji->test());
        QVERIFY(torch::equal(read->pictures({ 0, 99, 3000 }), m_emoji->pictures({ 0, 99, 3000 })));
        const auto info = reverie::inspect_dataset(pack);
        QCOMPARE(info.pictures, std::int64_t(m_emoji->captions().size()));
        QCOMPARE(info.native_size, 136);
        QVERIFY(info.caption_words > 1000);
        QVERIFY(errorOf([&] { reverie::open_dataset(pack, 32); }).contains(u"pixels"));
    }

    void whatIsNoDataSetIsRefused_data()
    {
        QTest::addColumn<QString>("spec");
        QTest::addColumn<QString>("reason");
        QTest::newRow("unknown") << QStringLiteral("emojis")
                                 << QStringLiteral("There is no data set \"emojis\"");
        QTest::newRow("missing") << QStringLiteral("/nowhere/x.safetensors")
                                 << QStringLiteral("/nowhere/x.safetensors");
        QTest::newRow("model") << QString::fromStdString(path("model.safetensors"))
                               << QStringLiteral("is no data set");
        QTest::newRow("short") << QString::fromStdString(path("short.safetensors"))
                               << QStringLiteral("damaged");
    }
    void whatIsNoDataSetIsRefused()
    {
        QFETCH(QString, spec);
        QFETCH(QString, reason);
        const auto images = torch::zeros({ 2, 8, 8, 3 }, torch::kByte);
        reverie::write_safetensors(path("model.safetensors"), { { "images", images } }, {});
        reverie::write_safetensors(
            path("short.safetensors"), { { "images", images } },
            { { "reverie.dataset", R"({"description":"","native_size":8,"captions":["one"],"test":[]})" } });
        const auto error = errorOf([&] { reverie::open_dataset(spec.toStdString(), 8); });
        QVERIFY2(error.contains(reason), qPrintable(error));
    }

    void aMissingListOfNamesSaysWhereItIs()
    {
        QVERIFY(errorOf([] { reverie::emoji_names("/nowhere/emoji-test.txt"); }).contains(u"unicode-data"));
    }

    void aResizedPictureKeepsItsMeanAndItsEdges()
    {
        auto picture = torch::full({ 1, 12, 12, 3 }, 200, torch::kByte);
        QVERIFY(reverie::resize_lanczos(picture, 5).eq(200).all().item<bool>());
        picture.slice(1, 0, 6).fill_(0);
        const auto half = reverie::resize_lanczos(picture, 4)[0].to(torch::kFloat); // (4, 4, 3)
        QVERIFY(half[0].max().item<double>() < 20);
        QVERIFY(half[3].min().item<double>() > 180);
    }
};

QTEST_MAIN(DatasetTest)
#include "tst_dataset.moc"
