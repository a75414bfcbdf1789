// SPDX-License-Identifier: MIT
#include "core/api/weights_info.h"
#include "core/base/file.h"
#include "core/io/torch_file.h"
#include "core/io/weights_kind.h"
#include "tests/base/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <cstring>
#include <set>

namespace fs = std::filesystem;
using nlohmann::json;
using reverie::StoredTensor;

namespace {

fs::path data(const char* name)
{
    return fs::path(REVERIE_TEST_DATA) / "weights" / name;
}

/// The elements one after another.
template <class T>
std::vector<T> values(const StoredTensor& tensor)
{
    const auto bytes = reverie::packed_bytes(tensor);
    std::vector<T> result(bytes.size() / sizeof(T));
    std::memcpy(result.data(), bytes.data(), bytes.size());
    return result;
}

std::string kinds(const reverie::WeightsInfo& info)
{
    std::string text;
    for (const auto& part : info.parts)
        text += (text.empty() ? "" : " ") + part.prefix + part.kind + (part.ema ? "(ema)" : "");
    return text;
}

} // namespace

class WeightsFileTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }

private Q_SLOTS:
    void everyFormatGivesTheSameTensors_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("format");
        QTest::newRow("zip") << "plain.pt"
                             << "PyTorch zip archive";
        QTest::newRow("stream") << "plain_stream.pt"
                                << "PyTorch stream";
        QTest::newRow("protocol 4") << "plain_protocol4.pt"
                                    << "PyTorch zip archive";
        QTest::newRow("deflated") << "deflated.pt"
                                  << "PyTorch zip archive";
    }

    void everyFormatGivesTheSameTensors()
    {
        QFETCH(QString, file);
        QFETCH(QString, format);
        const auto weights = reverie::open_weights(data(file.toUtf8()));
        QCOMPARE(QString::fromStdString(weights.format), format);
        const auto& t = weights.tensors;
        QCOMPARE(t.size(), std::size_t(22));
        QVERIFY(values<double>(t.at("f64")) == (std::vector<double>{ 1.5, -2.25 }));
        QVERIFY(values<std::uint16_t>(t.at("f16")) == (std::vector<std::uint16_t>{ 0x3800, 0x7bff }));
        QVERIFY(values<std::uint16_t>(t.at("bf16")) == (std::vector<std::uint16_t>{ 0x3f80, 0xc040 }));
        QVERIFY(values<std::int64_t>(t.at("i64")) == (std::vector<std::int64_t>{ 1LL << 40, -1 }));
        QVERIFY(values<std::int32_t>(t.at("i32")) == std::vector<std::int32_t>{ 7 });
        QVERIFY(values<std::int16_t>(t.at("i16")) == std::vector<std::int16_t>{ -300 });
        QVERIFY(values<std::int8_t>(t.at("i8")) == std::vector<std::int8_t>{ -5 });
        QVERIFY(values<std::uint8_t>(t.at("u8")) == std::vector<std::uint8_t>{ 200 });
        QVERIFY(values<std::uint8_t>(t.at("bool")) == (std::vector<std::uint8_t>{ 1, 0, 1 }));
        QVERIFY(t.at("bool").dtype == "BOOL");
        QVERIFY(t.at("scalar").shape.empty() && values<float>(t.at("scalar")) == std::vector<float>{ 42 });
        QVERIFY(t.at("empty").shape == (std::vector<std::int64_t>{ 0, 5 }));
        QVERIFY(values<float>(t.at("parameter")) == (std::vector<float>{ 9, 8 }));
        QVERIFY(values<float>(t.at("one.item")) == std::vector<float>{ 1 });
        QVERIFY(values<float>(t.at("deep.list.0")) == std::vector<float>{ 4 });
        QVERIFY(values<float>(t.at("deep.list.1.x")) == std::vector<float>{ 5 });
        QVERIFY(t.at("module.a.weight").shape == (std::vector<std::int64_t>{ 2, 3 }));
        QVERIFY(values<std::int64_t>(t.at("module.table")) == (std::vector<std::int64_t>{ 0, 1, 2, 3 }));
    }

    void viewsOfOneStorageAreReadWithTheirStrides()
    {
        const auto weights = reverie::open_weights(data("plain.pt"));
        const auto& t = weights.tensors;
        // arange(24) as 4 x 6, transposed; every second number from the first on; one number as 2 x 3.
        QVERIFY(t.at("transposed").strides == (std::vector<std::int64_t>{ 1, 6 }));
        QVERIFY(!t.at("transposed").is_contiguous());
        const auto transposed = values<float>(t.at("transposed"));
        QVERIFY((std::vector<float>(transposed.begin(), transposed.begin() + 5)
                 == std::vector<float>{ 0, 6, 12, 18, 1 }));
        const auto second = values<float>(t.at("every_second"));
        QVERIFY(second.size() == 12 && second[0] == 1 && second[11] == 23);
        QVERIFY(values<float>(t.at("expanded")) == std::vector<float>(6, 3));
        QVERIFY(t.at("every_second").data == t.at("f32").data + sizeof(float));
    }

    void theRestIsKeptAsValues()
    {
        for (const char* file : { "plain.pt", "plain_stream.pt", "plain_protocol4.pt" }) {
            const auto weights = reverie::open_weights(data(file));
            const auto& v = weights.values;
            QVERIFY(v["numbers"]["small"] == -7);
            QVERIFY(v["numbers"]["large"] == 1LL << 40);
            QVERIFY(v["numbers"]["huge"] == "1208925819614629174706176");
            QVERIFY(v["numbers"]["negative"] == "-1180591620717411303424");
            QVERIFY(v["deep"]["tuple"] == json::parse(R"([1, "two", 3.5, null, true])"));
            QVERIFY(v["size"] == json::parse("[3, 4]"));
            QVERIFY(v["set"] == json::parse("[1]"));
            QVERIFY(v["7"] == "a number as key");
            QVERIFY(v["text"]
                    == "Gr\xC3\xBC\xC3\x9F"
                       "e");
            QVERIFY(v["namespace"]["opaque"] == "argparse.Namespace");
            QVERIFY(weights.opaque.contains("argparse.Namespace"));
            QVERIFY(weights.opaque.contains("numpy.core.multiarray.scalar"));
            QVERIFY(!weights.opaque.contains("collections.OrderedDict"));
            QVERIFY(!v.contains("module"));
        }
    }

    void dtypesWithoutAStorageClassAreRead()
    {
        const auto weights = reverie::open_weights(data("untyped.pt"));
        const auto& tensor = weights.tensors.at("weight");
        QVERIFY(tensor.dtype == "U16");
        QVERIFY(values<std::uint16_t>(tensor) == (std::vector<std::uint16_t>{ 2, 3, 65535 }));
    }

    void tensorsAreMappedAndOutliveWhatOpenedThem()
    {
        StoredTensor kept;
        {
            const auto weights = reverie::open_weights(data("plain.pt"));
            kept = weights.tensors.at("f64");
        }
        QVERIFY(values<double>(kept)[1] == -2.25);
    }

    void publishersFilesAreRecognised_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("kinds");
        const auto row = [](const char* file, const char* kinds) {
            QTest::newRow(file) << QString::fromLatin1(file) << QString::fromLatin1(kinds);
        };
        row("reference/dalle2.pt",
            "model_params.prior.prior model_params.decoder.decoder model_params.prior.clip.clip.x_clip "
            "model_params.decoder.clip.clip.x_clip");
        row("reference/prior.pth",
            "model.prior ema_model.prior(ema) ema.ema_model.prior(ema) "
            "ema.online_model.prior");
        row("reference/decoder.pth", "ema.decoder_unets(ema) ema.decoder_unets model.decoder");
        row("reference/unets_ema.pth", "module.decoder_unets(ema)");
        row("reference/x_clip.pt", "x_clip");
        row("clip/openai.pt", "openai_clip");
        row("open_clip", "openai_clip");
        row("hf_clip", "hf_clip");
        row("karlo/prior.ckpt", "state_dict.karlo_prior");
        row("karlo/decoder.ckpt", "state_dict.karlo_decoder");
        row("karlo/sr.ckpt", "state_dict.karlo_super_res");
        row("karlo/stats.th", "karlo_stats");
        row("diffusers", "diffusers text_encoder.hf_clip");
        row("plain.pt", "");
    }

    void publishersFilesAreRecognised()
    {
        QFETCH(QString, file);
        const auto info = reverie::read_weights_info(data(file.toUtf8()));
        QTEST(QString::fromStdString(kinds(info)), "kinds");
    }

    void architecturesAreReadOffTheShapes()
    {
        const auto prior = reverie::read_weights_info(data("reference/prior.pth"));
        QVERIFY(prior.parts[0].architecture == "width 8, 1 layer, reads 8 tokens, 5 steps");
        QVERIFY(prior.version == "1.15.6");
        QVERIFY(prior.parts[0].dtype == "f32");
        QVERIFY(std::find(prior.opaque.begin(), prior.opaque.end(), "pytorch_warmup.base.LinearWarmup")
                != prior.opaque.end());
        const auto clip = reverie::read_weights_info(data("clip/openai.pt"));
        QVERIFY(clip.format == "TorchScript archive");
        QVERIFY(clip.parts[0].dtype == "f16");
        QVERIFY(clip.parts[0].architecture
                == "vision transformer with patches of 8 pixels, pictures of 16 pixels, 12 of 520 tokens, "
                   "embeddings of 8 numbers");
        const auto words
            = [](const char* file) { return reverie::read_weights_info(data(file)).parts[0].architecture; };
        QVERIFY(words("karlo/prior.ckpt") == "width 32, 2 layers, embeddings of 16 numbers");
        QVERIFY(words("karlo/decoder.ckpt") == "width 16 (1, 2), 1 block a resolution");
        QVERIFY(words("karlo/sr.ckpt") == "two U-Nets: width 16 (1, 1), 1 block a resolution");
        QVERIFY(words("karlo/stats.th") == "embeddings of 16 numbers");
        QVERIFY(words("diffusers").starts_with("decoder (2")); // its folders, with their sizes
        QVERIFY(!reverie::read_weights_info(data("plain.pt")).importable);
    }

    void filesSayWhatElseTheyNeed()
    {
        const auto needs = [](const char* file) {
            std::string all;
            for (const auto& need : reverie::read_weights_info(data(file)).needs)
                all += need + "\n";
            return QString::fromStdString(all);
        };
        const auto prior = needs("karlo/prior.ckpt");
        for (const char* missing :
             { "ViT-L-14_stats.th", "Karlo's decoder", "super-resolution", "--clip FILE", "--vocab FILE" })
            QVERIFY2(prior.contains(QString::fromLatin1(missing)), qPrintable(prior));
        QVERIFY(!prior.contains(QStringLiteral("Karlo's prior")));
        QVERIFY(!needs("karlo/stats.th").contains(QStringLiteral("stats.th")));
        const auto folder = needs("diffusers");
        QVERIFY2(folder.startsWith(QStringLiteral("For variations of pictures")), qPrintable(folder));
        QCOMPARE(folder.count(QLatin1Char('\n')), 1);
    }

    void conversionKeepsEveryBit()
    {
        const char* const files[]
            = { "plain.pt", "plain_stream.pt", "clip/openai.pt", "hf_clip", "reference/prior.pth" };
        for (std::size_t i = 0; i < std::size(files); ++i) {
            const auto to = path(("converted" + std::to_string(i) + ".safetensors").c_str());
            reverie::convert_weights(data(files[i]), to);
            const auto before = reverie::open_weights(data(files[i])), after = reverie::open_weights(to);
            QVERIFY(after.format == "safetensors");
            QCOMPARE(after.tensors.size(), before.tensors.size());
            for (const auto& [name, tensor] : before.tensors) {
                const auto& converted = after.tensors.at(name);
                QVERIFY(converted.dtype == tensor.dtype && converted.shape == tensor.shape);
                QVERIFY(reverie::packed_bytes(converted) == reverie::packed_bytes(tensor));
            }
            for (const auto& [key, value] : before.values.items())
                if (key != "metadata")
                    QVERIFY2(after.values[key] == value, key.c_str());
            QVERIFY(errorOf([&] {
                        reverie::convert_weights(data(files[i]), to);
                    }).contains(QStringLiteral("exists")));
        }
    }

    void aChangedNumberIsNoticedBeforeItIsConverted()
    {
        const auto error = errorOf(
            [&] { reverie::convert_weights(data("hostile/flipped_number.pt"), path("never.safetensors")); });
        QVERIFY2(error.contains(QStringLiteral("checksum")), qPrintable(error));
        QVERIFY(!fs::exists(path("never.safetensors")));
    }

    void shardsMustLieBesideTheirIndex_data()
    {
        QTest::addColumn<QByteArray>("shard");
        for (const char* shard : { "../elsewhere.safetensors", "/etc/passwd", "", ".", "a/b.safetensors" })
            QTest::newRow(shard) << QByteArray(shard);
    }

    void shardsMustLieBesideTheirIndex()
    {
        QFETCH(QByteArray, shard);
        const json index = { { "weight_map", { { "a", shard.toStdString() } } } };
        reverie::write_file(path("model.safetensors.index.json"), index.dump());
        const auto error = errorOf([&] { reverie::open_weights(path("model.safetensors.index.json")); });
        QVERIFY2(error.contains(QStringLiteral("does not lie beside it")), qPrintable(error));
    }

    void anIndexMayNotPromiseWhatItsShardsLack()
    {
        fs::create_directories(path("shards"));
        fs::copy_file(data("hf_clip/model-00001-of-00002.safetensors"), path("shards/one.safetensors"));
        const json index = { { "weight_map", { { "no.such.tensor", "one.safetensors" } } } };
        reverie::write_file(path("shards/model.safetensors.index.json"), index.dump());
        const auto error = errorOf([&] { reverie::open_weights(path("shards")); });
        QVERIFY2(error.contains(QStringLiteral("lacks the tensor no.such.tensor")), qPrintable(error));
    }

    void aFolderOfSeveralFilesMustBeNamed()
    {
        const auto error = errorOf([] { reverie::open_weights(data("reference")); });
        QVERIFY2(error.contains(QStringLiteral("holds 5 files of weights")), qPrintable(error));
    }
};

QTEST_GUILESS_MAIN(WeightsFileTest)
#include "tst_weights_file.moc"
