// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "core/data/tokenizer.h"
#include "tests/base/error_of.h"

#include <QTest>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <map>

using nlohmann::json;
using reverie::Tokenizer;

namespace {

const std::vector<std::string> captions
    = { "thumbs up", "thumbs up: dark skin tone", "thumbs down", "thumbs down: dark skin tone", "thumbs" };

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// What every tokenizer.json of the parity folders holds.
std::vector<json> recorded_cases()
{
    std::vector<json> cases;
    const auto folders = QString::fromStdString(environment("REVERIE_PARITY_DIRS"));
    for (const auto& folder : folders.split(u':', Qt::SkipEmptyParts)) {
        const auto path = std::filesystem::path(folder.toStdString()) / "tokenizer.json";
        if (!std::filesystem::exists(path))
            continue;
        const auto record = json::parse(reverie::read_file(path));
        for (const auto& recorded : record["cases"])
            cases.push_back(recorded);
    }
    return cases;
}

/// Recorded ids come without their padding.
Tokenizer::Ids without_padding(Tokenizer::Ids ids)
{
    while (!ids.empty() && ids.back() == 0)
        ids.pop_back();
    return ids;
}

/// Only text that one encoding was mistaken for another in differs from what ftfy would make of it.
bool is_mojibake(const std::string& text)
{
    for (const char* mark : { "Ã", "â€", "âœ", "ðŸ" })
        if (text.find(mark) != std::string::npos)
            return true;
    return false;
}

/// What Reverie makes of a recorded text, under the names of the record.
std::map<std::string, json> results(const Tokenizer& tokenizer, const json& recorded)
{
    const std::string text = recorded["text"];
    const auto raises = [&](std::size_t length) {
        return !errorOf([&] { (void)tokenizer.encode_padded(text, length, /*truncate=*/false); }).isEmpty();
    };
    const auto truncated = [&](std::size_t length, Tokenizer::Ends ends = Tokenizer::Ends::None) {
        return without_padding(tokenizer.encode_padded(text, length, /*truncate=*/true, ends));
    };
    const Tokenizer::Ids ids = recorded["encode"];
    return { { "encode", tokenizer.encode(text) },
             { "encode_without_ftfy", tokenizer.encode(text, /*repair=*/false) },
             { "tokenize_256_truncated", truncated(256) },
             { "tokenize_77_truncated", truncated(77) },
             { "raises_256", raises(256) },
             { "raises_77", raises(77) },
             { "openai_clip_tokenize_77_truncated", truncated(77, Tokenizer::Ends::StartAndEnd) },
             { "decode_keep_special", tokenizer.decode(ids) },
             { "decode", tokenizer.decode(ids, { 49406, 40407, 0 }) } };
}

} // namespace

class TokenizerTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRecordedTextGivesTheReferencesIds()
    {
        const auto vocabulary = environment("REVERIE_CLIP_VOCAB");
        const auto cases = recorded_cases();
        if (vocabulary.empty() || cases.empty())
            QSKIP("REVERIE_CLIP_VOCAB is not set, or no folder of REVERIE_PARITY_DIRS has a tokenizer.json.");
        const Tokenizer tokenizer(reverie::read_file(vocabulary));
        QCOMPARE(tokenizer.vocab_size(), 49408U);
        for (auto recorded : cases) {
            if (!recorded.contains("encode_without_ftfy"))
                recorded["encode_without_ftfy"] = recorded["encode"];
            for (const auto& [name, result] : results(tokenizer, recorded)) {
                const bool with_repair = name != "encode_without_ftfy" && !name.starts_with("decode");
                if (with_repair && is_mojibake(recorded["text"]))
                    continue;
                QVERIFY2(recorded[name] == result, (name + " of " + recorded["text"].dump()).c_str());
            }
        }
    }

    void aVocabularyIsLearnedFromCaptionsAndWritten()
    {
        const auto learned = Tokenizer::train(captions, 540);
        QVERIFY(learned.vocab_size() <= 540);
        QVERIFY(learned.encode("thumbs").size() < 6);
        const Tokenizer read(learned.merges_text());
        QCOMPARE(read.vocab_size(), learned.vocab_size());
        for (const auto& caption : captions)
            QVERIFY(read.encode(caption) == learned.encode(caption));
    }

    void theMostFrequentPairIsMergedFirst()
    {
        const auto tokenizer = Tokenizer::train({ "ab ab ab", "cd cd", "e" }, 600);
        QCOMPARE(QString::fromStdString(tokenizer.merges_text()), QStringLiteral("a b</w>\nc d</w>\n"));
    }

    void textIsDecodedAgain()
    {
        const auto tokenizer = Tokenizer::train(captions, 540);
        const std::string text = "thumbs up : größer 👍🏿 x ";
        QVERIFY(tokenizer.decode(tokenizer.encode(text)) == text);
        QVERIFY(tokenizer.decode({ -1, 100000 }).empty());
    }

    void idsArePaddedOrCut()
    {
        const auto tokenizer = Tokenizer::train(captions, 520);
        const auto ids = tokenizer.encode("dark skin");
        const auto padded = tokenizer.encode_padded("dark skin", 40, /*truncate=*/false);
        QCOMPARE(padded.size(), 40U);
        QVERIFY(without_padding(padded) == ids);
        const auto cut
            = tokenizer.encode_padded("dark skin", 4, /*truncate=*/true, Tokenizer::Ends::StartAndEnd);
        QVERIFY((cut == Tokenizer::Ids{ tokenizer.start_id(), ids[0], ids[1], tokenizer.end_id() }));
        QVERIFY(errorOf([&] { (void)tokenizer.encode_padded("dark skin", 2, false); }).contains(u"shorten"));
    }

    void damagedVocabulariesAreRefused_data()
    {
        QTest::addColumn<QByteArray>("merges");
        QTest::addColumn<QString>("reason");
        QTest::newRow("one symbol") << QByteArray("a b</w>\nab\n") << QStringLiteral("Line 2");
        QTest::newRow("three symbols") << QByteArray("a b c\n") << QStringLiteral("Line 1");
        QTest::newRow("unknown symbol") << QByteArray("a xyz\n") << QStringLiteral("does not have");
    }
    void damagedVocabulariesAreRefused()
    {
        QFETCH(QByteArray, merges);
        QFETCH(QString, reason);
        QVERIFY(errorOf([&] { const Tokenizer tokenizer(merges.toStdString()); }).contains(reason));
    }

    void aVocabularyMustHoldEveryByte()
    {
        QVERIFY(errorOf([] { (void)Tokenizer::train(captions, 100); }).contains(u"at least 514"));
    }

    void aLongWordIsEncodedInGoodTime()
    {
        const auto tokenizer = Tokenizer::train(captions, 540);
        const auto ids = tokenizer.encode(std::string(10'000, 'x'));
        QCOMPARE(ids.size(), 10'000U);
    }
};

QTEST_GUILESS_MAIN(TokenizerTest)
#include "tst_tokenizer.moc"
