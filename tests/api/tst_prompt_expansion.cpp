// SPDX-License-Identifier: MIT
#include "core/api/prompt_expansion.h"
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
};

QTEST_GUILESS_MAIN(PromptExpansionTest)
#include "tst_prompt_expansion.moc"
