// SPDX-License-Identifier: MIT
#include "core/api/model_info.h"
#include "core/base/file.h"
#include "core/io/safetensors_header.h"
#include "tests/base/error_of.h"

#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

std::string safetensors(const std::string& header, std::size_t data_bytes)
{
    std::string file;
    for (int shift = 0; shift < 64; shift += 8)
        file += static_cast<char>(static_cast<std::uint64_t>(header.size()) >> shift);
    return file + header + std::string(data_bytes, '\0');
}

std::string safetensors(const json& header, std::size_t data_bytes)
{
    return safetensors(header.dump(), data_bytes);
}

json tensor(const std::string& dtype, const json& shape, const json& offsets)
{
    return { { "dtype", dtype }, { "shape", shape }, { "data_offsets", offsets } };
}

json pipelineConfig()
{
    return {
        { "clip", { { "dim_latent", 128 }, { "text_seq_len", 32 } } },
        { "prior",
          { { "net", json::object() },
            { "cond_drop_prob", 0.1 },
            { "timesteps", 100 },
            { "sample_timesteps", 25 } } },
        { "decoder",
          { { "unets", { json::object(), json::object() } },
            { "image_sizes", { 16, 64 } },
            { "timesteps", 200 },
            { "sample_timesteps", { 50, nullptr } } } },
        { "sampling",
          { { "cond_scale", 2.0 }, { "candidates", 3 }, { "sampler", "ddim" }, { "steps", { 20, 10 } } } }
    };
}

std::string pipelineFile(const json& config)
{
    const json header = { { "__metadata__",
                            { { "reverie.format", "1" },
                              { "reverie.config", config.dump() },
                              { "reverie.trained", R"({"clip": 10, "prior": 10, "unet1": 10, "unet2": 10})" },
                              { "reverie.captions", R"(["slice of pizza", "red heart"])" },
                              { "modelspec.title", "Emoji" } } },
                          { "clip.a", tensor("F16", { 4 }, { 0, 8 }) },
                          { "prior.net.b", tensor("F16", { 2, 2 }, { 8, 16 }) },
                          { "decoder.unets.0.c", tensor("F16", { 3 }, { 16, 22 }) },
                          { "decoder.unets.1.c", tensor("F16", { 1 }, { 22, 24 }) } };
    return safetensors(header, 24);
}

} // namespace

class ModelFileTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }

private Q_SLOTS:
    void aHeaderIsRead()
    {
        const json header = { { "__metadata__", { { "key", "value" } } },
                              { "second", tensor("F32", { 2, 3 }, { 4, 28 }) },
                              { "empty", tensor("F32", { 0, 7 }, { 28, 28 }) },
                              { "first", tensor("F32", json::array(), { 0, 4 }) } };
        reverie::write_file(path("sound"), safetensors(header, 28));
        const auto read = reverie::read_safetensors_header(path("sound"));
        QCOMPARE(read.tensors.size(), std::size_t(3));
        QVERIFY(read.tensors.at("second").shape == (std::vector<std::int64_t>{ 2, 3 }));
        QCOMPARE(read.data_offset, 8 + header.dump().size());
        QVERIFY(read.metadata.at("key") == "value");
    }

    void hostileHeadersAreRefused_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, const std::string& file, const char* says) {
            QTest::newRow(name) << QByteArray::fromStdString(file) << QString::fromLatin1(says);
        };
        const auto one = [](const json& entry, std::size_t bytes) {
            return safetensors(json{ { "t", entry } }, bytes);
        };
        const auto sound = one(tensor("F32", { 2 }, { 0, 8 }), 8);
        row("empty", "", "is empty");
        row("shorter than its length", "abc", "is not a .safetensors file");
        row("random bytes", std::string(1000, '\xA7'), "is not a .safetensors file");
        row("cut in the header", sound.substr(0, 20), "cut short");
        row("cut in the data", sound.substr(0, sound.size() - 3), "cut short");
        row("bytes after the data", sound + "more", "after its last tensor");
        row("header of 2^63", std::string("\0\0\0\0\0\0\0\x80", 8) + "{}", "is not a .safetensors file");
        row("not JSON", safetensors(std::string("{nonsense"), 0), "is not a .safetensors file");
        row("a list", safetensors(std::string("[]"), 0), "is not a .safetensors file");
        row("deeply nested", safetensors(std::string(1'000'000, '['), 0), "is not a .safetensors file");
        row("unknown dtype", one(tensor("F12", { 2 }, { 0, 8 }), 8), "unknown dtype");
        row("shape against range", one(tensor("F32", { 3 }, { 0, 8 }), 8), "does not fit");
        row("overflowing shape", one(tensor("F32", { 1LL << 40, 1LL << 40 }, { 0, 8 }), 8),
            "larger than any memory");
        row("shape that wraps to its range", one(tensor("U8", { 1LL << 32, 1LL << 32 }, { 0, 0 }), 0),
            "larger than any");
        row("empty shape of endless strides", one(tensor("U8", { 0, 1LL << 62, 1LL << 62 }, { 0, 0 }), 0),
            "larger than any memory");
        row("file of PyTorch", std::string("PK\x03\x04") + std::string(100, 'x'), "is a file of PyTorch");
        row("negative shape", one(tensor("F32", { -2 }, { 0, 8 }), 8), "no whole number");
        row("fractional range", one(tensor("F32", { 2 }, { 0, 8.5 }), 8), "no whole number");
        row("backward range", one(tensor("F32", { 2 }, { 8, 0 }), 8), "does not fit");
        row("no dtype", one(json{ { "shape", { 2 } } }, 8), "lacks");
        row("metadata with a number", safetensors(json{ { "__metadata__", { { "a", 1 } } } }, 0),
            "other than text");
        row("gap", one(tensor("F32", { 1 }, { 4, 8 }), 8), "gap or an overlap");
        row("overlap",
            safetensors(
                json{ { "a", tensor("F32", { 2 }, { 0, 8 }) }, { "b", tensor("F32", { 2 }, { 4, 12 }) } },
                12),
            "gap or an overlap");
    }

    void hostileHeadersAreRefused()
    {
        QFETCH(QByteArray, file);
        QFETCH(QString, says);
        reverie::write_file(path("hostile"), file.toStdString());
        const auto error = errorOf([&] { reverie::read_safetensors_header(path("hostile")); });
        QVERIFY2(error.contains(says), qPrintable(error));
        QVERIFY(!error.contains(u'\n'));
    }

    void whatIsNoFileIsNamed()
    {
        const auto read
            = [](const fs::path& where) { return errorOf([&] { reverie::read_safetensors_header(where); }); };
        QVERIFY(read(path("absent")).contains(QStringLiteral("does not exist")));
        QVERIFY(read(path(".")).contains(QStringLiteral("is not a file")));
        QVERIFY(read("/dev/zero").contains(QStringLiteral("is not a file")));
    }

    void aModelDescribesItself()
    {
        reverie::write_file(path("emoji.safetensors"), pipelineFile(pipelineConfig()));
        const auto info = reverie::read_model_info(path("emoji.safetensors"));
        QVERIFY(info.is_pipeline());
        QVERIFY(info.trained);
        QVERIFY(info.title == "Emoji");
        QVERIFY(info.dtype == "f16");
        QCOMPARE(info.parameters, 12);
        QCOMPARE(info.clip_parameters, 4);
        QCOMPARE(info.embed_dim, 128);
        QCOMPARE(info.context_length, 32);
        QCOMPARE(info.prior.max_steps, 100);
        QCOMPARE(info.prior.default_steps, 25);
        QCOMPARE(info.stages.size(), std::size_t(2));
        QCOMPARE(info.stages[1].size, 64);
        QCOMPARE(info.stages[1].default_steps, 10);
        QCOMPARE(info.stages[1].max_steps, 200);
        QVERIFY(info.guidance);
        QVERIFY(info.prior_guidance);
        QCOMPARE(info.cond_scale, 2.0);
        QCOMPARE(info.captions.size(), std::size_t(2));
    }

    void whatTheConfigurationLeavesOutIsTheReferences()
    {
        auto config = pipelineConfig();
        config.erase("sampling");
        config["clip"] = json::object();
        config["prior"] = { { "net", json::object() } };
        config["decoder"].erase("timesteps");
        reverie::write_file(path("defaults.safetensors"), pipelineFile(config));
        const auto info = reverie::read_model_info(path("defaults.safetensors"));
        QCOMPARE(info.context_length, 256);
        QCOMPARE(info.candidates, 2);
        QCOMPARE(info.prior.default_steps, 1000);
        QVERIFY(!info.prior_guidance);
        QCOMPARE(info.stages[0].default_steps, 50);
        QCOMPARE(info.stages[1].default_steps, 1000);
    }

    void aSenselessConfigurationIsRefused_data()
    {
        QTest::addColumn<QByteArray>("patch");
        QTest::newRow("sizes missing") << QByteArray(R"({"decoder": {"image_sizes": null}})");
        QTest::newRow("steps of 0") << QByteArray(R"({"prior": {"timesteps": 0}})");
        QTest::newRow("steps beyond reason")
            << QByteArray(R"({"prior": {"timesteps": 18446744073709551615}})");
        QTest::newRow("scale as text") << QByteArray(R"({"sampling": {"cond_scale": "much"}})");
        QTest::newRow("list as object") << QByteArray("[1]");
    }

    void aSenselessConfigurationIsRefused()
    {
        QFETCH(QByteArray, patch);
        auto config = pipelineConfig();
        config.merge_patch(json::parse(patch.toStdString()));
        reverie::write_file(path("senseless.safetensors"), pipelineFile(config));
        if (config.is_array()) {
            QVERIFY(!reverie::read_model_info(path("senseless.safetensors")).is_pipeline());
            return;
        }
        const auto error = errorOf([&] { reverie::read_model_info(path("senseless.safetensors")); });
        QVERIFY2(error.contains(QStringLiteral("does not understand")), qPrintable(error));
    }

    void modelsAreFoundInTheDataFolders()
    {
        const auto models = path("data") / "reverie" / "models";
        fs::create_directories(models);
        reverie::write_file(models / "mine.safetensors", pipelineFile(pipelineConfig()));
        reverie::write_file(models / "broken.safetensors", "abc");
        qputenv("XDG_DATA_HOME", QByteArray::fromStdString(path("data").string()));
        const auto found = reverie::find_models();
        QVERIFY(std::find(found.begin(), found.end(), models / "mine.safetensors") != found.end());
        QVERIFY(std::find(found.begin(), found.end(), models / "broken.safetensors") == found.end());
        QVERIFY(reverie::find_model("mine") == models / "mine.safetensors");
        QVERIFY(errorOf([] {
                    reverie::find_model("nowhere");
                }).contains(QStringLiteral("There is no model 'nowhere'")));
    }
};

QTEST_GUILESS_MAIN(ModelFileTest)
#include "tst_model_file.moc"
