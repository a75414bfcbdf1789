// SPDX-License-Identifier: MIT
#include "core/api/model_assembly.h"
#include "core/api/model_info.h"
#include "core/api/weights_info.h"
#include "core/base/file.h"
#include "core/io/clip_config.h"
#include "core/io/clip_tensors.h"
#include "core/io/pipeline.h"
#include "core/io/safetensors.h"
#include "core/io/state_dict.h"
#include "core/io/vocabulary.h"
#include "tests/base/error_of.h"

#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <cmath>

namespace fs = std::filesystem;
using namespace reverie;
using nlohmann::json;

namespace {

std::string data(const std::string& name)
{
    return std::string(REVERIE_TEST_DATA) + "/weights/" + name;
}

/// The parameters of the recorded case that the files were made from.
TensorMap recorded()
{
    const auto file
        = read_safetensors(std::string(REVERIE_TEST_DATA) + "/parity/dalle2_text_list.safetensors");
    TensorMap result;
    for (const auto& [name, tensor] : file.tensors) {
        auto key = name;
        if (!key.starts_with("param."))
            continue;
        key = key.substr(6);
        if (key.starts_with("prior.clip.clip."))
            key = "clip." + key.substr(16);
        if (!key.starts_with("decoder.clip."))
            result[key] = tensor;
    }
    return result;
}

ModelImportRequest request(std::vector<std::string> parts, const fs::path& out)
{
    ModelImportRequest request;
    for (const auto& part : parts)
        request.parts.push_back(data(part));
    request.vocab = data("vocabulary/merges.txt");
    request.out = out;
    return request;
}

bool same(const Tensor& a, const Tensor& b)
{
    return a.sizes() == b.sizes() && torch::equal(a.to(torch::kFloat32), b.to(torch::kFloat32));
}

/// A pipeline of two stages with fresh weights, as a run would have written it.
fs::path ownModel(const fs::path& path, const json& trained, int seed, const TensorMap& clip = {})
{
    const json unet = { { "dim", 4 },           { "image_embed_dim", 8 }, { "cond_dim", 4 },
                        { "dim_mults", { 1 } }, { "resnet_groups", 2 },   { "num_resnet_blocks", 1 },
                        { "attn_dim_head", 8 }, { "attn_heads", 2 },      { "max_text_len", 8 } };
    const json config = {
        { "clip",
          { { "dim_text", 8 },
            { "dim_image", 8 },
            { "dim_latent", 8 },
            { "num_text_tokens", 600 },
            { "text_enc_depth", 1 },
            { "text_seq_len", 8 },
            { "text_heads", 2 },
            { "text_dim_head", 8 },
            { "visual_enc_depth", 1 },
            { "visual_heads", 2 },
            { "visual_dim_head", 8 },
            { "visual_image_size", 16 },
            { "visual_patch_size", 8 } } },
        { "prior",
          { { "net",
              { { "dim", 8 }, { "depth", 1 }, { "dim_head", 8 }, { "heads", 2 }, { "max_text_len", 8 } } },
            { "timesteps", 10 } } },
        { "decoder", { { "unets", { unet, unet } }, { "image_sizes", { 8, 16 } }, { "timesteps", 30 } } }
    };
    torch::manual_seed(seed);
    auto pipeline = build_pipeline(pipeline_config_from_json(config));
    if (!clip.empty())
        load_state_dict(*pipeline.clip, clip, "clip.", "clip");
    pipeline.tokenizer = read_vocabulary(data("vocabulary/merges.txt"));
    pipeline.metadata = { { "reverie.trained", trained.dump() }, { "reverie.captions", "[\"red heart\"]" } };
    save_pipeline(path, pipeline);
    return path;
}

TensorMap partOf(const TensorMap& tensors, const std::string& prefix)
{
    TensorMap part;
    for (const auto& [name, tensor] : tensors)
        if (name.starts_with(prefix))
            part[name] = tensor;
    return part;
}

} // namespace

class ModelImportTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const std::string& name) const { return fs::path(m_folder.path().toStdString()) / name; }

    void compare(const TensorMap& imported, const TensorMap& expected, double scale_of_prior = 1,
                 double scale_of_decoder = 1)
    {
        QCOMPARE(imported.size(), expected.size());
        for (const auto& [name, tensor] : expected) {
            QVERIFY2(imported.contains(name), name.c_str());
            const bool table = name.find("noise_schedule") != std::string::npos;
            const auto scale = table           ? 1
                : name.starts_with("prior.")   ? scale_of_prior
                : name.starts_with("decoder.") ? scale_of_decoder
                                               : 1;
            QVERIFY2(same(imported.at(name), tensor * scale), name.c_str());
        }
    }

private Q_SLOTS:
    void aDreamFileBecomesAPipeline()
    {
        const auto result = assemble_model(request({ "reference/dalle2.pt" }, path("dalle2.safetensors")));
        QVERIFY(result.notes.empty());
        const auto file = read_safetensors(result.path);
        compare(file.tensors, recorded());
        QVERIFY(file.tensors.at("clip.temperature").scalar_type() == torch::kBFloat16); // as it was

        auto pipeline = load_pipeline(result.path);
        QVERIFY(pipeline.clip && pipeline.prior && pipeline.decoder);
        QCOMPARE(pipeline.decoder->num_timesteps(), 4);
        QCOMPARE(pipeline.prior->num_timesteps(), 5);
        const auto info = read_model_info(result.path);
        QVERIFY(info.is_pipeline() && info.trained);
        QVERIFY(info.title == "dalle2");
    }

    void partsOfATrainerMakeTheSamePipeline()
    {
        const auto result = assemble_model(
            request({ "reference/x_clip.pt", "reference/prior.pth", "reference/decoder.pth" },
                    path("parts.safetensors")));
        compare(read_safetensors(result.path).tensors, recorded());
        const auto trained = json::parse(read_safetensors(result.path).metadata.at("reverie.trained"));
        QVERIFY(trained["prior"] == 12 && trained["unet1"] == 7);
    }

    void averagedWeightsAreTakenWhenAskedFor()
    {
        auto wanted = request({ "reference/prior.pth", "reference/decoder.pth" }, path("ema.safetensors"));
        wanted.clip = data("reference/x_clip.pt");
        wanted.ema = true;
        assemble_model(wanted);
        compare(read_safetensors(wanted.out).tensors, recorded(), 0.5, 0.5);
    }

    void aWrapperAloneSaysWhatWouldHelp()
    {
        auto wanted = request({ "reference/unets_ema.pth" }, path("wrapper.safetensors"));
        wanted.clip = data("reference/x_clip.pt");
        auto error = errorOf([&] { assemble_model(wanted); });
        QVERIFY2(error.contains(QStringLiteral("is the EMA wrapper of a decoder; use --part ema")),
                 qPrintable(error));
        wanted.ema = true;
        error = errorOf([&] { assemble_model(wanted); });
        QVERIFY2(error.contains(QStringLiteral("put its JSON beside it, as unets_ema.json")),
                 qPrintable(error));

        // With its JSON the tables are computed, since the wrapper has none.
        fs::copy_file(data("reference/unets_ema.pth"), path("lone.pth"));
        const auto config = json::parse(
            read_safetensors(std::string(REVERIE_TEST_DATA) + "/parity/dalle2_text_list.safetensors")
                .metadata.at("config"));
        auto decoder = config["decoder"];
        decoder["unets"] = config["unets"];
        write_file(path("lone.json"), json{ { "decoder", decoder } }.dump());
        wanted.parts = { path("lone.pth").string() };
        assemble_model(wanted);
        auto expected = recorded();
        std::erase_if(expected, [](const auto& entry) { return entry.first.starts_with("prior."); });
        compare(read_safetensors(wanted.out).tensors, expected, 1, 0.5);
    }

    void weightsAreConvertedButTablesAreNot()
    {
        auto wanted = request({ "reference/dalle2.pt" }, path("half.safetensors"));
        wanted.dtype = "f16";
        assemble_model(wanted);
        for (const auto& [name, tensor] : read_safetensors(wanted.out).tensors) {
            const bool weight = name.find("noise_schedule") == std::string::npos
                && name.find("rotary_emb.freqs") == std::string::npos;
            if (weight)
                QVERIFY2(tensor.scalar_type() == torch::kFloat16, name.c_str());
            else
                QVERIFY2(tensor.scalar_type() != torch::kFloat16, name.c_str());
        }
        load_pipeline(wanted.out);
    }

    void wholeNumbersAreNoWeights()
    {
        const auto whole = request({ "reference/dalle2.pt" }, path("whole.safetensors"));
        assemble_model(whole);
        auto file = read_safetensors(whole.out);
        auto& weight = file.tensors.at("prior.net.null_image_embed");
        weight = (weight * 100).to(torch::kInt8);
        write_safetensors(path("quantised.safetensors"), file.tensors, file.metadata);
        auto wanted = request({}, path("never.safetensors"));
        wanted.parts = { path("quantised.safetensors").string() };
        for (const auto& error : { errorOf([&] { assemble_model(wanted); }),
                                   errorOf([&] { load_pipeline(path("quantised.safetensors")); }) })
            QVERIFY2(error.contains(QStringLiteral("null_image_embed as whole numbers")), qPrintable(error));
    }

    void numbersThatAreNotFiniteAreNamed()
    {
        const auto whole = request({ "reference/dalle2.pt" }, path("finite.safetensors"));
        QVERIFY(assemble_model(whole).notes.empty());
        QCOMPARE(QString::fromStdString(numbers_to_warn_of(whole.out)), QString());
        auto file = read_safetensors(whole.out);
        const auto spoil = [&file](const char* name, std::initializer_list<double> values) {
            auto spoilt = file.tensors.at(name).clone();
            std::int64_t i = 0;
            for (const double value : values)
                spoilt.flatten()[i++] = value;
            file.tensors[name] = spoilt;
        };
        spoil("prior.net.null_image_embed", { NAN, INFINITY, 1 });
        spoil("clip.temperature", { -INFINITY }); // bf16
        write_safetensors(path("spoilt.safetensors"), file.tensors, file.metadata);
        const auto seen = QString::fromStdString(numbers_to_warn_of(path("spoilt.safetensors")));
        QVERIFY2(
            seen.startsWith(QStringLiteral("2 tensors hold numbers that are NaN or infinite"))
                && seen.contains(QStringLiteral("clip.temperature (1), prior.net.null_image_embed (2);")),
            qPrintable(seen));

        auto wanted = request({}, path("imported.safetensors"));
        wanted.parts = { path("spoilt.safetensors").string() };
        const auto notes = assemble_model(wanted).notes; // and yet it is written
        QCOMPARE(notes.size(), std::size_t(2));
        QVERIFY(QString::fromStdString(notes[0]).contains(QStringLiteral("clip.temperature (1)")));
        QVERIFY(QString::fromStdString(notes[1]).contains(QStringLiteral("prior.net.null_image_embed (2)")));
        QVERIFY(fs::exists(wanted.out));
    }

    void complexNumbersAreKeptAndRefusedInWords()
    {
        QVERIFY(open_weights(data("complex.pt")).tensors.at("freqs").dtype == "C64");
        convert_weights(data("complex.pt"), path("complex.safetensors"));
        const auto error = errorOf([&] { read_safetensors(path("complex.safetensors")); });
        QVERIFY2(error.contains(QStringLiteral("the tensor freqs holds complex numbers (C64)")),
                 qPrintable(error));
    }

    void partsThatDoNotFitAreNamed_data()
    {
        QTest::addColumn<QString>("part");
        QTest::addColumn<QString>("clip");
        QTest::addColumn<QString>("vocabulary");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, const char* part, const char* clip, const char* vocabulary,
                            const char* says) {
            QTest::newRow(name) << QString::fromLatin1(part) << QString::fromLatin1(clip)
                                << QString::fromLatin1(vocabulary) << QString::fromLatin1(says);
        };
        const auto* const merges = "vocabulary/merges.txt";
        row("another kind of CLIP", "reference/prior.pth", "clip/openai.pt", merges,
            "was trained with a CLIP of x-clip");
        row("no CLIP", "reference/prior.pth", "", merges, "No file has a CLIP");
        row("no vocabulary", "reference/dalle2.pt", "", "", "No file has a vocabulary");
        row("another vocabulary", "", "open_clip", merges, "The vocabulary has 518 tokens, but");
        row("no model", "plain.pt", "", merges, "holds no model that is known");
        row("a prior as CLIP", "", "reference/prior.pth", merges, "has no trained clip");
        row("a vocabulary that is none", "reference/dalle2.pt", "", "plain.pt", "holds no vocabulary");
        row("hostile", "hostile/outside.pt", "", merges, "outside its storage");
    }

    void partsThatDoNotFitAreNamed()
    {
        QFETCH(QString, part);
        QFETCH(QString, clip);
        QFETCH(QString, vocabulary);
        QFETCH(QString, says);
        auto wanted = request({}, path("never.safetensors"));
        if (!part.isEmpty())
            wanted.parts = { data(part.toStdString()) };
        wanted.clip = clip.isEmpty() ? "" : data(clip.toStdString());
        wanted.vocab = vocabulary.isEmpty() ? "" : data(vocabulary.toStdString());
        const auto error = errorOf([&] { assemble_model(wanted); });
        QVERIFY2(error.contains(says), qPrintable(error));
        QVERIFY(!fs::exists(wanted.out));
    }

    void tensorsThatDoNotFitAreCountedAndExplained()
    {
        fs::copy_file(data("reference/prior.pth"), path("prior.pth"));
        auto config = json::parse(read_file(data("reference/prior.json")));
        config["prior"]["net"]["depth"] = 3;
        config["prior"]["net"]["max_text_len"] = 9;
        write_file(path("prior.json"), config.dump());
        auto wanted = request({}, path("never.safetensors"));
        wanted.parts = { path("prior.pth").string() };
        wanted.clip = data("reference/x_clip.pt");
        const auto error = errorOf([&] { assemble_model(wanted); });
        QVERIFY2(
            error.contains(QStringLiteral("tensors are missing (prior.net.causal_transformer.layers.1.0")),
            qPrintable(error));
        QVERIFY(error.contains(QStringLiteral("more")));
        QVERIFY(
            error.contains(QStringLiteral("prior.net.null_text_encodings [1, 8, 8] instead of [1, 9, 8]")));
        QVERIFY(error.contains(QStringLiteral("configuration probably belongs to another file")));

        config["prior"]["net"] = json::object();
        config["prior"]["beta_schedule"] = "linear";
        config["prior"]["timesteps"] = 5;
        write_file(path("prior.json"), config.dump());
        const auto schedule = errorOf([&] { assemble_model(wanted); });
        QVERIFY2(schedule.contains(QStringLiteral("schedule")), qPrintable(schedule));
    }

    void openAisClipIsImportedFromItsScript()
    {
        auto wanted = request({}, path("openai.safetensors"));
        wanted.clip = data("clip/openai.pt");
        const auto error = errorOf([&] { assemble_model(wanted); });
        QVERIFY2(error.contains(QStringLiteral("518 tokens, but")), qPrintable(error)); // this one knows 520

        const auto weights = open_weights(wanted.clip);
        const auto part = recognise(weights).at(0);
        const auto config = clip_config(weights, part, part_tensors(weights, part));
        QVERIFY(config["kind"] == "openai_clip" && config["embed_dim"] == 8
                && config["image_resolution"] == 16);
        auto pipeline = build_pipeline(pipeline_config_from_json({ { "clip", config } }));
        load_state_dict(*pipeline.clip, clip_tensors(weights, part), "", "clip");
        const auto text = torch::tensor({ 518, 5, 519 }).unsqueeze(0);
        QVERIFY(pipeline.clip->embed_text(text).text_embed.sizes() == (std::vector<std::int64_t>{ 1, 8 }));
    }

    void huggingFacesClipIsTheSameUnderOpenAisNames()
    {
        const auto weights = open_weights(data("hf_clip"));
        const auto part = recognise(weights).at(0);
        const auto ours = clip_tensors(weights, part);
        const auto theirs = to_tensors(weights.tensors, "hf");
        const std::string layer = "vision_model.encoder.layers.0.self_attn.";
        const auto& projection = ours.at("visual.transformer.resblocks.0.attn.in_proj_weight");
        QVERIFY(projection.sizes() == (std::vector<std::int64_t>{ 48, 16 }));
        QVERIFY(torch::equal(projection.slice(0, 16, 32), theirs.at(layer + "k_proj.weight")));
        QVERIFY(torch::equal(ours.at("text_projection"), theirs.at("text_projection.weight").t()));
        const auto config = clip_config(weights, part, part_tensors(weights, part));
        QVERIFY(config["quick_gelu"] == true && config["vision_cfg"]["head_width"] == 8);
        auto pipeline = build_pipeline(pipeline_config_from_json({ { "clip", config } }));
        load_state_dict(*pipeline.clip, ours, "", "clip");
    }

    void openClipIsReadWithItsConfiguration()
    {
        const auto weights = open_weights(data("open_clip"));
        const auto part = recognise(weights).at(0);
        const auto config = clip_config(weights, part, part_tensors(weights, part));
        QVERIFY(config["kind"] == "open_clip");
        QVERIFY(config["vision_cfg"]["head_width"] == 12 && config["vision_cfg"]["mlp_ratio"] == 3.5);
        auto pipeline = build_pipeline(pipeline_config_from_json({ { "clip", config } }));
        load_state_dict(*pipeline.clip, clip_tensors(weights, part), "", "clip");
    }

    void everyFormatOfAVocabularyGivesTheSameMerges()
    {
        const auto expected = read_vocabulary(data("vocabulary/merges.txt")).merges_text();
        for (const char* file : { "bpe_simple_vocab_16e6.txt.gz", "tokenizer.json", "tokenizer_pairs.json" })
            QVERIFY2(read_vocabulary(data(std::string("vocabulary/") + file)).merges_text() == expected,
                     file);
        auto tokenizer = json::parse(read_file(data("vocabulary/tokenizer.json")));
        tokenizer["model"]["vocab"]["th"] = 700;
        write_file(path("tokenizer.json"), tokenizer.dump());
        const auto error = errorOf([&] { read_vocabulary(path("tokenizer.json")); });
        QVERIFY2(error.contains(QStringLiteral("numbers its tokens otherwise")), qPrintable(error));
    }

    void stagesOfSeparateRunsAreJoined()
    {
        const auto a = ownModel(path("a.safetensors"), { { "clip", 5 }, { "prior", 5 }, { "unet1", 5 } }, 1);
        const auto clip = partOf(read_safetensors(a).tensors, "clip.");
        const auto b = ownModel(path("b.safetensors"), { { "unet2", 9 } }, 2, clip);
        ModelImportRequest wanted;
        wanted.parts = { a.string(), b.string() };
        wanted.out = path("joined.safetensors");
        QVERIFY(assemble_model(wanted).notes.empty());
        const auto joined = read_safetensors(wanted.out), first = read_safetensors(a),
                   second = read_safetensors(b);
        for (const auto& [name, tensor] : joined.tensors) {
            const auto& source = name.starts_with("decoder.unets.1.") ? second : first;
            QVERIFY2(torch::equal(tensor, source.tensors.at(name)), name.c_str());
        }
        QVERIFY(json::parse(joined.metadata.at("reverie.trained"))
                == json::parse(R"({"clip": 5, "prior": 5, "unet1": 5, "unet2": 9})"));
        QVERIFY(joined.metadata.at("reverie.captions") == "[\"red heart\"]");
        QVERIFY(load_pipeline(wanted.out).tokenizer.has_value());

        wanted.parts = { a.string(), "unet1=" + b.string() };
        wanted.out = path("not_trained.safetensors");
        auto error = errorOf([&] { assemble_model(wanted); });
        QVERIFY2(error.contains(QStringLiteral("has no trained unet1")), qPrintable(error));

        const auto stranger = ownModel(path("c.safetensors"), { { "unet2", 9 } }, 3);
        wanted.parts = { a.string(), stranger.string() };
        error = errorOf([&] { assemble_model(wanted); });
        QVERIFY2(error.contains(QStringLiteral("were trained with another CLIP")), qPrintable(error));
    }

    void anExistingFileIsKept()
    {
        write_file(path("mine.safetensors"), "mine");
        const auto error
            = errorOf([&] { assemble_model(request({ "reference/dalle2.pt" }, path("mine.safetensors"))); });
        QVERIFY2(error.contains(QStringLiteral("exists; choose another name")), qPrintable(error));
        QVERIFY(read_file(path("mine.safetensors")) == "mine");
    }
};

QTEST_GUILESS_MAIN(ModelImportTest)
#include "tst_model_import.moc"
