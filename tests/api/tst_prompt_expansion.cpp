// SPDX-License-Identifier: MIT
#include "core/api/number_list.h"
#include "core/api/picture_match.h"
#include "core/api/prompt_expansion.h"
#include "core/api/prompt_weights.h"
#include "core/api/request_axes.h"
#include "core/base/file.h"
#include "tests/base/error_of.h"

#include <QTemporaryDir>
#include <QTest>

using Texts = std::vector<std::string>;

class PromptExpansionTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }
    Texts of(const std::string& line) const { return reverie::expand_prompt(line, folder()); }
    [[nodiscard]] std::string errorOf(const std::string& line) const
    {
        try {
            of(line);
        } catch (const reverie::UsageError& error) {
            return error.what();
        }
        return {};
    }

private Q_SLOTS:
    void initTestCase()
    {
        reverie::write_file(folder() / "colour.txt", "red\n# not this\n\n{light|dark} blue\n");
        reverie::write_file(folder() / "endless.txt", "a __endless__\n");
    }

    void aPlainPromptIsItself() { QCOMPARE(of("  a cat, sitting "), (Texts{ "a cat, sitting" })); }

    void alternativesMultiply()
    {
        QCOMPARE(of("{red|blue} {heart|circle}"),
                 (Texts{ "red heart", "red circle", "blue heart", "blue circle" }));
        QCOMPARE(of("a {|very {big|small} }cat"), (Texts{ "a cat", "a very big cat", "a very small cat" }));
    }

    void severalAreTakenTogether()
    {
        QCOMPARE(of("{2$$a|b|c}"), (Texts{ "a, b", "a, c", "b, c" }));
        QCOMPARE(of("{1-2$$a|b}"), (Texts{ "a", "b", "a, b" }));
        QVERIFY(errorOf("{4$$a|b|c}").find("take fewer") != std::string::npos);
    }

    void rangesCount()
    {
        QCOMPARE(of("{1..3} dots"), (Texts{ "1 dots", "2 dots", "3 dots" }));
        QCOMPARE(of("{0..10..5}"), (Texts{ "0", "5", "10" }));
        QCOMPARE(of("{3..1}"), (Texts{ "3", "2", "1" }));
        QVERIFY(!errorOf("{1..3..-1}").empty());
    }

    void wildcardsAreTheLinesOfAFile()
    {
        QCOMPARE(of("__colour__ cat"), (Texts{ "red cat", "light blue cat", "dark blue cat" }));
        QVERIFY(errorOf("__missing__").find("missing.txt") != std::string::npos);
        QVERIFY(errorOf("__endless__").find("itself") != std::string::npos);
    }

    void commentsAndEscapes()
    {
        QVERIFY(of("# a comment").empty());
        QCOMPARE(of("a cat # black"), (Texts{ "a cat" }));
        QCOMPARE(of("keycap \\# and C#"), (Texts{ "keycap # and C#" }));
        QCOMPARE(of("\\{a|b\\} \\_\\_x\\_\\_"), (Texts{ "{a|b} __x__" }));
    }

    void whatCanNotBeReadIsRefused()
    {
        QVERIFY(errorOf("{a|b").find("no }") != std::string::npos);
        QVERIFY(errorOf("{1..200} {1..200}").find("10000") != std::string::npos);
    }

    void numbersAreCountedAsTheirDecimalsSay()
    {
        using Numbers = std::vector<double>;
        QCOMPARE(reverie::expand_numbers("7"), (Numbers{ 7 }));
        QCOMPARE(reverie::expand_numbers("1, 4, 9"), (Numbers{ 1, 4, 9 }));
        QCOMPARE(reverie::expand_numbers("1, 2, .., 10"), (Numbers{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }));
        QCOMPARE(reverie::expand_numbers("0.5, 1, .., 3"), (Numbers{ 0.5, 1, 1.5, 2, 2.5, 3 }));
        QCOMPARE(reverie::expand_numbers("0.1,0.2,..,0.7"), (Numbers{ 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7 }));
        QCOMPARE(reverie::expand_numbers("1, 4, .., 12"), (Numbers{ 1, 4, 7, 10 })); // 13 would pass it
        QCOMPARE(reverie::expand_numbers("9; 7; ..; 1"), (Numbers{ 9, 7, 5, 3, 1 }));
        QCOMPARE(reverie::expand_numbers("3..1"), (Numbers{ 3, 2, 1 }));
        QCOMPARE(reverie::expand_numbers("1, ..., 3, 10, 20, .., 40"), (Numbers{ 1, 2, 3, 10, 20, 30, 40 }));
        QCOMPARE(reverie::expand_numbers("-1, -0.5, .., 0.5"), (Numbers{ -1, -0.5, 0, 0.5 }));
        QCOMPARE(reverie::expand_numbers("9007199254740990, .., 9007199254740991").size(), 2U);
        QVERIFY(!reverie::is_number_list("0.5") && reverie::is_number_list("1, 2")
                && reverie::is_number_list("1..2"));
        QCOMPARE(reverie::number_text(0.1 + 0.2 > 0.3 ? 0.3 : 0), std::string("0.3"));
    }

    void whatIsNoListOfNumbersIsRefused_data()
    {
        QTest::addColumn<QString>("text");
        for (const char* text : { "", "1,", ",1", "1,,2", "a", "1, x", ".., 3", "1, 2, ..", "5, 4, .., 9",
                                  "1, 1, .., 3", "1, 2, .., 20000", "nan", "inf", "1 2", "1, 2, .., .., 3" })
            QTest::newRow(text) << QString::fromLatin1(text);
    }

    void whatIsNoListOfNumbersIsRefused()
    {
        QFETCH(QString, text);
        QVERIFY_EXCEPTION_THROWN(reverie::expand_numbers(text.toStdString()), reverie::UsageError);
    }

    void everyCombinationIsDrawnFromTheSameSeeds()
    {
        reverie::GenerateRequest base;
        base.prompts = { "red heart" };
        base.seed = 7;
        const auto parts = reverie::combinations(
            base, { reverie::parse_axis("seed=1,2,3"), reverie::parse_axis("guidance = 1, 1.5, .., 2.5") });
        QCOMPARE(parts.size(), 4U); // one of each guidance, with all its seeds
        QCOMPARE(reverie::pictures_of(parts), 12U);
        QCOMPARE(parts[1].request.cond_scale, std::optional(1.5));
        QCOMPARE(parts[1].request.seeds, (std::vector<std::uint64_t>{ 1, 2, 3 }));
        QCOMPARE(parts[1].cells, (std::vector<int>{ 1, 5, 9 })); // the last axis varies fastest
        base.prompts = { "a", "b" };
        const auto two = reverie::combinations(base, { reverie::parse_axis("eta=0,1") });
        QVERIFY(two[1].request.seed == 7 && two[1].request.seeds.empty()); // as without a list
        QCOMPARE(two[1].cells, (std::vector<int>{ 1, 1 }));
        const auto words = reverie::combinations(base, { reverie::parse_axis("prompt=x | y\\|z") });
        QCOMPARE(words[0].request.prompts, (Texts{ "x", "y|z" }));
        QCOMPARE(words[0].request.seeds, (std::vector<std::uint64_t>{ 7, 7 }));
        base.count = 2;
        QCOMPARE(reverie::combinations(base, {}).at(0).request.prompts.size(), 2U);
        QCOMPARE(reverie::pictures_of(reverie::combinations(base, { reverie::parse_axis("seed=5,9") })), 8U);
    }

    void wrongAxesAreRefused_data()
    {
        QTest::addColumn<QString>("axis");
        for (const char* axis :
             { "guidance", "colour=1", "seed=-1", "seed=1.5", "steps=0", "steps=1.5", "eta=2",
               "sampler=euler", "prompt=a||b", "guidance=", "stage-0-steps=1", "weight-x=1" })
            QTest::newRow(axis) << QString::fromLatin1(axis);
    }

    void wrongAxesAreRefused()
    {
        QFETCH(QString, axis);
        QVERIFY_EXCEPTION_THROWN(reverie::parse_axis(axis.toStdString()), reverie::UsageError);
    }

    void aPictureIsKnownByEverythingThatWasAsked()
    {
        reverie::GenerateRequest request;
        request.prompts = { "a", "b" };
        request.seed = 3;
        request.cond_scale = 2;
        request.steps = { 8 };
        reverie::PictureMaking making;
        making.prompt = "b";
        making.seed = 4;
        making.settings.cond_scale = 2;
        making.settings.steps = { 8, 8 };
        QVERIFY(reverie::is_picture_of(making, request, 1) && !reverie::is_picture_of(making, request, 0));
        making.settings.cond_scale = 1;
        QVERIFY(!reverie::is_picture_of(making, request, 1));
        making.settings.cond_scale = 2;
        making.recipe.negative = "c";
        QVERIFY(!reverie::is_picture_of(making, request, 1));
    }

    void bracketsWeightWhatTheyHold()
    {
        using Runs = std::vector<reverie::WeightedText>;
        QCOMPARE(reverie::read_weights("a cat"), (Runs{ { "a cat", 1 } }));
        QCOMPARE(reverie::read_weights("a (red:1.3) cat"),
                 (Runs{ { "a ", 1 }, { "red", 1.3 }, { " cat", 1 } }));
        QCOMPARE(reverie::read_weights("(a)"), (Runs{ { "a", 1.1 } }));
        QCOMPARE(reverie::read_weights("((a))"), (Runs{ { "a", 1.1 * 1.1 } }));
        QCOMPARE(reverie::read_weights("[a]"), (Runs{ { "a", 1 / 1.1 } }));
        QCOMPARE(reverie::read_weights("(a (b:0.5) c:2)"), (Runs{ { "a ", 2 }, { "b", 1 }, { " c", 2 } }));
        QCOMPARE(reverie::read_weights("(b:0)"), (Runs{ { "b", 0 } }));
        QCOMPARE(reverie::read_weights("a \\(b\\) \\\\"), (Runs{ { "a (b) \\", 1 } }));
        QCOMPARE(reverie::read_weights("(a b) :-) ]["), (Runs{ { "a b", 1.1 }, { " :-) ][", 1 } }));
        QCOMPARE(reverie::read_weights("(12:30)"), (Runs{ { "12:30", 1.1 } })); // 30 is no weight
        QCOMPARE(reverie::without_weights("a (red:1.3) cat"), std::string("a red cat"));
        for (const char* text : { "a (b) [c] \\ d", "(:1.1)", "\\(x" })
            QCOMPARE(reverie::without_weights(reverie::escape_weights(text)), std::string(text));
    }

    void keysRaiseAndLowerAWeight()
    {
        const auto once = reverie::change_weight("a red cat", 2, 5, 0.1);
        QCOMPARE(once.prompt, std::string("a (red:1.1) cat"));
        QCOMPARE(once.prompt.substr(once.begin, once.end - once.begin), std::string("red"));
        const auto twice = reverie::change_weight(once.prompt, once.begin, once.end, 0.1);
        QCOMPARE(twice.prompt, std::string("a (red:1.2) cat"));
        auto down = twice;
        for (int i = 0; i < 3; ++i)
            down = reverie::change_weight(down.prompt, down.begin, down.end, -0.1);
        QCOMPARE(down.prompt, std::string("a (red:0.9) cat"));
        QCOMPARE(reverie::change_weight(down.prompt, down.begin, down.end, 0.1).prompt,
                 std::string("a red cat"));
        QCOMPARE(reverie::change_weight("(red)", 1, 4, 0.1).prompt, std::string("(red:1.2)"));
        for (int i = 0; i < 40; ++i)
            down = reverie::change_weight(down.prompt, down.begin, down.end, -0.1);
        QCOMPARE(down.prompt, std::string("a (red:0) cat"));
    }

    void templatesAndWeightsKeepApart()
    {
        QCOMPARE(of("{a|(b:1.2)} \\(c\\)"), (Texts{ "a \\(c\\)", "(b:1.2) \\(c\\)" }));
        for (const char* prompt :
             { "keycap: #", "(a:1.2) \\(b\\)", "a \\\\ b", "{x|y} __z__ a_b", "\\\\(a)" })
            QCOMPARE(of(reverie::template_of({ prompt })), (Texts{ prompt }));
        const auto backslash = of(reverie::template_of({ "a \\ b" })).at(0); // written as two, it means one
        QCOMPARE(reverie::without_weights(backslash), std::string("a \\ b"));
        QCOMPARE(of(reverie::template_of({ "a", "b|c" })), (Texts{ "a", "b|c" }));
    }
};

QTEST_GUILESS_MAIN(PromptExpansionTest)
#include "tst_prompt_expansion.moc"
