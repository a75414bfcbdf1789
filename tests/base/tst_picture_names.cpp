// SPDX-License-Identifier: MIT
#include "core/api/picture_names.h"
#include "core/base/file.h"
#include "tests/base/error_of.h"

#include <QTemporaryDir>
#include <QTest>

namespace fs = std::filesystem;
using namespace reverie;

class PictureNamesTest : public QObject
{
    Q_OBJECT

    PictureMaking m_making;
    std::time_t m_time = 0;

    std::string named(const std::string& pattern) const { return example_name(pattern, m_making, 7, m_time); }

private Q_SLOTS:
    void initTestCase()
    {
        m_making.prompt = "Slice of Pizza!";
        m_making.seed = 4711;
        m_making.settings.model = "Emoji 64";
        m_making.settings.model_hash = "0123456789abcdef0123";
        std::tm moment{};
        moment.tm_year = 126;
        moment.tm_mon = 10;
        moment.tm_mday = 25;
        moment.tm_hour = 4;
        moment.tm_min = 5;
        moment.tm_sec = 6;
        moment.tm_isdst = -1;
        m_time = std::mktime(&moment);
    }

    void wordsInBracketsAreFilledIn()
    {
        QCOMPARE(named(default_name_pattern), std::string("2026-11-25/00007-4711-slice-of-pizza.png"));
        QCOMPARE(named("[datetime]"), std::string("2026-11-25-040506.png"));
        QCOMPARE(named("a/[datetime<%H.%M %d/%m>]/[model]-[model_hash]"),
                 std::string("a/04.05 25-11/emoji-64-0123456789.png"));
        QCOMPARE(named("plain"), std::string("plain.png"));
        QCOMPARE(named("[prompt]~[prompt]"), std::string("slice-of-pizza~slice-of-pizza.png"));
    }

    void aLongNameIsCutBetweenLetters()
    {
        std::string pattern;
        for (int i = 0; i < 30; ++i)
            pattern += "\xC3\xA9[seed]";
        const std::string name = named(pattern);
        QVERIFY(name.size() <= 204);
        QVERIFY(QString::fromStdString(name).toStdString() == name);
    }

    void whatIsUnsafeIsRefusedInASentence_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("why");
        for (const auto& [pattern, why] : { std::pair{ "", "is empty" },
                                            { "../[seed]", "leaves the folder" },
                                            { "a/../../[seed]", "leaves the folder" },
                                            { "/tmp/[seed]", "leaves the folder" },
                                            { "~/[seed]", "leaves the folder" },
                                            { ".hidden", "hides it" },
                                            { "a/.b/[seed]", "hides it" },
                                            { "a//b", "without letters" },
                                            { "a/", "without letters" },
                                            { "[seed] ", "ends in a dot or a blank" },
                                            { "a:b", "not every file system" },
                                            { "a\\b", "not every file system" },
                                            { "a\nb", "not every file system" },
                                            { "[user]", "means nothing" },
                                            { "[seed", "does not end" },
                                            { "[datetime<>]", "empty" },
                                            { "[datetime<%Q>]", "unknown letter" },
                                            { "[datetime<%>]", "unknown letter" } })
            QTest::newRow(*pattern ? pattern : "nothing")
                << QString::fromLatin1(pattern) << QString::fromLatin1(why);
    }

    void whatIsUnsafeIsRefusedInASentence()
    {
        QFETCH(QString, pattern);
        QFETCH(QString, why);
        const QString error = errorOf([&] { check_name_pattern(pattern.toStdString()); });
        QVERIFY2(error.contains(why) && error.endsWith(QLatin1Char('.')), qPrintable(error));
    }

    void numbersGoOnFromTheFilesThatBeginAlike()
    {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        const auto next = [&](const char* pattern) {
            const fs::path file = new_picture_path(path, pattern, m_making, m_time);
            write_file(file, "x");
            return file.lexically_relative(path).string();
        };
        QCOMPARE(next("[date]/[index]-[seed]"), std::string("2026-11-25/00001-4711.png"));
        QCOMPARE(next("[date]/[index]-[seed]"), std::string("2026-11-25/00002-4711.png"));
        write_file(path / "2026-11-25/100041-x.png", "x");
        QCOMPARE(next("[date]/[index]-[seed]"), std::string("2026-11-25/100042-4711.png"));
        QCOMPARE(next("p [index]"), std::string("p 00001.png"));
        QCOMPARE(next("p [index]"), std::string("p 00002.png"));
        QCOMPARE(next("same"), std::string("same.png"));
        QCOMPARE(next("same"), std::string("same-2.png"));
    }
};

QTEST_APPLESS_MAIN(PictureNamesTest)
#include "tst_picture_names.moc"
