// SPDX-License-Identifier: MIT
#include "core/api/weights_info.h"
#include "core/base/file.h"
#include "core/io/pickle_reader.h"
#include "core/io/safetensors_header.h"
#include "core/io/torch_file.h"
#include "core/io/zip_reader.h"
#include "tests/base/error_of.h"

#include <QDir>
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <random>

namespace fs = std::filesystem;

namespace {

fs::path hostile(const std::string& name)
{
    return fs::path(REVERIE_TEST_DATA) / "weights" / "hostile" / name;
}

/// Reads bytes as a file of PyTorch would be read, and every tensor to its end.
void readAll(const std::string& bytes)
{
    const auto owner = std::make_shared<const std::string>(bytes);
    const auto file = reverie::read_torch_bytes("file", *owner, owner);
    for (const auto& [name, tensor] : file.tensors)
        (void)reverie::packed_bytes(tensor);
}

} // namespace

class HostileWeightsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { QDir::setCurrent(m_folder.path()); }

    void nothingIsRunWhateverTheFileSays_data()
    {
        QTest::addColumn<QString>("named");
        const auto row
            = [](const char* file, const char* named) { QTest::newRow(file) << QString::fromLatin1(named); };
        row("system.pt", "posix.system");
        row("system_only.pt", "posix.system");
        row("eval.pt", "builtins.eval");
        row("getattr.pt", "builtins.getattr");
        row("build.pt", "posix.system");
        row("inst.pt", "posix.system");
        row("newobj.pt", "subprocess.Popen");
        row("stack_global.pt", "posix.system");
        row("extension.pt", "copyreg.extension.1");
        row("stream.pt", "posix.system");
        row("deep_calls.pt", "os.system");
    }

    void nothingIsRunWhateverTheFileSays()
    {
        QFETCH(QString, named);
        const auto file = reverie::open_weights(hostile(QTest::currentDataTag()));
        QVERIFY(file.opaque.contains(named.toStdString()));
        // What is sound beside the call is still read.
        const bool call_only = file.tensors.empty();
        QVERIFY(call_only || reverie::packed_bytes(file.tensors.at("weight")).size() == 2 * sizeof(float));
        QVERIFY(QDir(m_folder.path()).isEmpty());
        QVERIFY(!fs::exists(hostile("PWNED")));
    }

    void foreignIdsLeadNowhere()
    {
        const auto id = reverie::open_weights(hostile("foreign_id.pt"));
        QVERIFY(id.values["other"].is_null() && id.tensors.size() == 1);
        const auto storage = reverie::open_weights(hostile("foreign_storage.pt"));
        QVERIFY(storage.values["other"]["opaque"] == "storage" && storage.tensors.size() == 1);
    }

    void whatIsDamagedOrClaimsTooMuchIsRefused_data()
    {
        QTest::addColumn<QString>("says");
        const auto row
            = [](const char* file, const char* says) { QTest::newRow(file) << QString::fromLatin1(says); };
        row("outside.pt", "outside its storage");
        row("offset.pt", "outside its storage");
        row("huge.pt", "outside its storage");
        row("wide_stride.pt", "outside its storage");
        row("overflow.pt", "larger than any memory");
        row("empty_huge.pt", "larger than any memory");
        row("expanded.pt", "more numbers than it holds");
        row("negative.pt", "no whole number");
        row("negative_offset.pt", "without a place");
        row("no_storage.pt", "lacks the numbers");
        row("path.pt", "lacks the numbers");
        row("text_2_60.pt", "ends early");
        row("long_2_31.pt", "ends early");
        row("memo_loop.pt", "nested deeper");
        row("dict_loop.pt", "nested deeper");
        row("object_loop.pt", "nested deeper");
        row("deep.pt", "nested deeper");
        row("laughs.pt", "more values");
        row("names.pt", "a name of more than");
        row("memo_missing.pt", "recalls what it never kept");
        row("underflow.pt", "a mark it never set");
        row("unknown.pt", "unknown instruction 255");
        row("no_stop.pt", "ends early");
        row("nothing.pt", "ends early");
        row("set_on_text.pt", "can't be filled");
        row("bomb.pt", "unknown instruction 0");
        row("traversal.pt", "no data.pkl");
        row("absolute.pt", "no data.pkl");
        row("cut.pt", "cut short");
        row("cut_half.pt", "cut short");
        row("head_only.pt", "cut short");
        row("claims_2_31.pt", "a size it can't have");
        row("far_header.pt", "not where the directory says");
        row("shared_bytes.pt", "not where the directory says");
        row("encrypted.pt", "encrypted");
        row("method_99.pt", "only archivers know");
        row("count.pt", "does not lie within");
        row("directory_far.pt", "does not lie within");
        row("no_data.pt", "no data.pkl");
        row("tar.pt", "no weights that can be read");
        row("pickle_only.pkl", "no file of PyTorch");
    }

    void whatIsDamagedOrClaimsTooMuchIsRefused()
    {
        QFETCH(QString, says);
        QElapsedTimer timer;
        timer.start();
        const auto error = errorOf([] { reverie::open_weights(hostile(QTest::currentDataTag())); });
        QVERIFY2(error.contains(says), qPrintable(error));
        QVERIFY(!error.contains(u'\n'));
        QVERIFY2(timer.elapsed() < 10'000, "a small file takes long to refuse");
    }

    void everyCutIsRefused()
    {
        for (const char* name : { "stream.pt", "system.pt" }) {
            const auto whole = reverie::read_file(hostile(name));
            for (std::size_t size = 0; size < whole.size(); ++size)
                QVERIFY2(!errorOf([&] { readAll(whole.substr(0, size)); }).isEmpty(), name);
        }
    }

    /// Only an error of ours, or a file that can be read to its end.
    void flippedBitsAreHarmless()
    {
        for (const char* name : { "system.pt", "stream.pt", "inst.pt", "../plain.pt" }) {
            const auto whole = reverie::read_file(hostile(name));
            std::mt19937 random(1);
            for (int i = 0; i < 3000; ++i) {
                auto flipped = whole;
                for (unsigned n = 1 + random() % 3; n > 0; --n)
                    flipped[random() % flipped.size()] ^= static_cast<char>(1U << (random() % 8));
                (void)errorOf([&] { readAll(flipped); });
            }
        }
        QVERIFY(QDir(m_folder.path()).isEmpty());
    }

    void theFuzzersCorpusIsStillHarmless_data()
    {
        QTest::addColumn<QString>("folder");
        for (const char* name : { "pickle", "torch_file", "safetensors" })
            QTest::newRow(name) << QStringLiteral(REVERIE_TEST_DATA "/../fuzz/corpus/")
                    + QString::fromLatin1(name);
    }

    void theFuzzersCorpusIsStillHarmless()
    {
        QFETCH(QString, folder);
        const auto files = QDir(folder).entryInfoList(QDir::Files);
        QVERIFY(!files.isEmpty());
        for (const auto& file : files) {
            const auto bytes = reverie::read_file(file.filePath().toStdString());
            (void)errorOf([&] { readAll(bytes); });
            (void)errorOf([&] { reverie::read_pickle(bytes, "file"); });
            (void)errorOf([&] { reverie::parse_safetensors_header(bytes, "file"); });
        }
        QVERIFY(QDir(m_folder.path()).isEmpty());
    }

    void checksumsAreThoseOfZip()
    {
        QCOMPARE(reverie::zip_crc32("123456789"), 0xcbf43926U); // the check value of CRC-32
        QCOMPARE(reverie::zip_crc32(""), 0U);
    }

private:
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(HostileWeightsTest)
#include "tst_hostile_weights.moc"
