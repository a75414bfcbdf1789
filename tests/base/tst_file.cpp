// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/base/utf8.h"
#include "tests/base/error_of.h"
#include "tests/base/small_files_only.h"

#include <QTemporaryDir>
#include <QTest>

namespace fs = std::filesystem;

class FileTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }
    static long entries(const fs::path& folder)
    {
        return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
    }

private Q_SLOTS:
    void whatIsWrittenIsReadBack()
    {
        const std::string content = std::string("a\0b\n", 4) + std::string(300'000, 'x');
        reverie::write_file(path("whole"), content);
        QVERIFY(reverie::read_file(path("whole")) == content);
    }

    void aFailingProducerLeavesTheOldContentAndNothingBesides()
    {
        reverie::write_file(path("old"), "old");
        const auto before = entries(path("."));
        const auto fail = [](const reverie::Sink& sink) {
            sink("half");
            throw reverie::Error("stop");
        };
        QCOMPARE(errorOf([&] { reverie::write_file(path("old"), fail); }), QStringLiteral("stop"));
        QVERIFY(reverie::read_file(path("old")) == "old");
        QCOMPARE(entries(path(".")), before);
    }

    void aDiskThatFillsUpLeavesTheOldContentAndNothingBesides()
    {
        reverie::write_file(path("kept"), "old");
        const auto before = entries(path("."));
        QString error;
        {
            const SmallFilesOnly limit(1000);
            error = errorOf([&] { reverie::write_file(path("kept"), std::string(5000, 'x')); });
        }
        QVERIFY2(error.contains(QStringLiteral("kept can't be written")), qPrintable(error));
        QVERIFY(reverie::read_file(path("kept")) == "old");
        QCOMPARE(entries(path(".")), before);
    }

    void whereNothingCanBeWrittenIsNamed()
    {
        const auto write
            = [](const fs::path& where) { return errorOf([&] { reverie::write_file(where, "x"); }); };
        QVERIFY(write("/proc/reverie").contains(QStringLiteral("/proc/reverie can't be written")));
        QVERIFY(write(path("missing") / "file").contains(QStringLiteral("check the path")));
        QVERIFY(write(path(std::string(300, 'x').c_str())).contains(QStringLiteral("choose a shorter name")));
    }

    void whatCanNotBeReadIsNamed()
    {
        QVERIFY(errorOf([&] {
                    reverie::read_file(path("absent"));
                }).contains(QStringLiteral("absent can't be read")));
        QVERIFY(errorOf([&] { reverie::read_file(path(".")); }).contains(QStringLiteral("can't be read")));
    }

    void sha256OfKnownTexts_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("digest");
        QTest::newRow("empty") << QByteArray()
                               << QStringLiteral(
                                      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        QTest::newRow("abc") << QByteArray(
            "abc") << QStringLiteral("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        QTest::newRow("two blocks")
            << QByteArray("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
            << QStringLiteral("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        QTest::newRow("a million a") << QByteArray(
            1'000'000,
            'a') << QStringLiteral("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }

    void sha256OfKnownTexts()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, digest);
        for (const qsizetype piece : { qsizetype(1), qsizetype(63), qsizetype(64), qsizetype(4096) }) {
            reverie::Sha256 hash;
            for (qsizetype at = 0; at < text.size(); at += piece)
                hash.update(text.sliced(at, std::min(piece, text.size() - at)).toStdString());
            QCOMPARE(QString::fromStdString(hash.hex()), digest);
        }
    }

    void utf8IsCheckedAndDecoded_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<bool>("valid");
        QTest::newRow("ascii") << QByteArray("plain") << true;
        QTest::newRow("two to four bytes") << QByteArray("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8D\x95") << true;
        QTest::newRow("latin-1") << QByteArray("caf\xE9") << false;
        QTest::newRow("overlong") << QByteArray("\xC0\xAF") << false;
        QTest::newRow("overlong of three") << QByteArray("\xE0\x80\xAF") << false;
        QTest::newRow("surrogate") << QByteArray("\xED\xA0\x80") << false;
        QTest::newRow("above the last plane") << QByteArray("\xF4\x90\x80\x80") << false;
        QTest::newRow("cut short") << QByteArray("\xF0\x9F\x8D") << false;
    }

    void utf8IsCheckedAndDecoded()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(bool, valid);
        QCOMPARE(reverie::is_utf8(bytes.toStdString()), valid);
        const auto codes = reverie::decode_utf8(bytes.toStdString());
        QCOMPARE(codes.find(U'\uFFFD') == std::u32string::npos, valid);
        std::string again;
        for (const char32_t code : codes)
            reverie::append_utf8(again, code);
        QCOMPARE(again == bytes.toStdString(), valid);
    }
};

QTEST_GUILESS_MAIN(FileTest)
#include "tst_file.moc"
