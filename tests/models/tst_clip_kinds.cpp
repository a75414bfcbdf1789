// SPDX-License-Identifier: MIT
#include "core/api/model_info.h"
#include "core/api/pipeline_generator.h"
#include "core/data/text_ids.h"
#include "core/io/pipeline.h"
#include "core/io/state_dict.h"
#include "tests/base/error_of.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace reverie;

namespace {

using nlohmann::json;

json tiny_x_clip()
{
    return json::parse(R"({"dim_text": 16, "dim_image": 12, "dim_latent": 16, "num_text_tokens": 600,
        "text_enc_depth": 1, "text_seq_len": 10, "text_heads": 2, "text_dim_head": 8, "visual_enc_depth": 1,
        "visual_heads": 2, "visual_dim_head": 8, "visual_image_size": 32, "visual_patch_size": 16,
        "use_mlm": true, "use_visual_ssl": true, "visual_ssl_type": "simclr",
        "visual_ssl_projection_size": 4, "visual_ssl_projection_hidden_size": 6})");
}

json tiny_openai_clip()
{
    return json::parse(R"({"kind": "openai_clip", "embed_dim": 16, "image_resolution": 32, "vision_layers": 1,
        "vision_width": 64, "vision_patch_size": 16, "context_length": 10, "vocab_size": 600,
        "transformer_width": 16, "transformer_heads": 2, "transformer_layers": 2})");
}

json tiny_resnet_clip()
{
    auto config = tiny_openai_clip();
    config["vision_layers"] = { 1, 2, 1, 1 };
    config["vision_width"] = 4;
    config["vision_patch_size"] = nullptr;
    return config;
}

json tiny_open_clip()
{
    return json::parse(R"({"kind": "open_clip", "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 24, "head_width": 12, "patch_size": 16,
                       "mlp_ratio": 3.5, "ls_init_value": 0.2},
        "text_cfg": {"context_length": 10, "vocab_size": 600, "width": 16, "heads": 2, "layers": 1}})");
}

/// A pipeline that draws 16x16 pictures with any of them.
PipelineConfig pipeline_around(const json& clip)
{
    return pipeline_config_from_json(json{
        { "clip", clip },
        { "prior",
          json::parse(
              R"({"timesteps": 25, "cond_drop_prob": 0.1, "net": {"dim": 16, "depth": 1, "dim_head": 8,
              "heads": 2, "max_text_len": 10}})") },
        { "decoder",
          json::parse(R"({"image_size": 16, "timesteps": 25, "learned_variance": false, "unets": [{"dim": 8,
              "image_embed_dim": 16, "cond_dim": 8, "dim_mults": [1, 2], "num_resnet_blocks": 1,
              "attn_heads": 2, "attn_dim_head": 8, "cond_on_text_encodings": true, "text_embed_dim": 16,
              "max_text_len": 10}]})") },
        { "sampling", json::parse(R"({"prior_steps": 3, "steps": [3], "sampler": "ddim"})") } });
}

Pipeline built(const json& clip)
{
    torch::manual_seed(7);
    auto pipeline = build_pipeline(pipeline_around(clip));
    pipeline.tokenizer = Tokenizer::train({ "a red circle", "a blue square" }, 530);
    return pipeline;
}

void add_rows()
{
    QTest::addColumn<std::string>("config");
    QTest::addColumn<bool>("framed");
    QTest::newRow("x_clip") << tiny_x_clip().dump() << false;
    QTest::newRow("openai_clip") << tiny_openai_clip().dump() << true;
    QTest::newRow("openai_clip with a ResNet") << tiny_resnet_clip().dump() << true;
    QTest::newRow("open_clip") << tiny_open_clip().dump() << true;
}

} // namespace

class TestClipKinds : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aConfigurationOfAnyKindSurvivesItsJson_data() { add_rows(); }
    void aConfigurationOfAnyKindSurvivesItsJson()
    {
        QFETCH(const std::string, config);
        const auto clip = json::parse(config);
        const auto written = to_json(pipeline_around(clip));
        QCOMPARE(to_json(pipeline_config_from_json(written)).dump(), written.dump());
        for (const auto& [key, value] : clip.items())
            if (!value.is_object())
                QCOMPARE(written["clip"][key].dump(), value.dump());
    }

    void anyKindEmbedsAndDrawsFromAFile_data() { add_rows(); }
    void anyKindEmbedsAndDrawsFromAFile()
    {
        QFETCH(const std::string, config);
        QFETCH(const bool, framed);
        QTemporaryDir folder;
        const auto path = (folder.path() + QStringLiteral("/model.safetensors")).toStdString();
        const auto pipeline = built(json::parse(config));
        save_pipeline(path, pipeline);
        const auto info = read_model_info(path);
        QCOMPARE(info.embed_dim, 16);
        QCOMPARE(info.context_length, 10);

        auto loaded = load_pipeline(path);
        torch::NoGradGuard no_grad;
        const auto frame = loaded.clip->text_frame();
        QCOMPARE(frame.end.has_value(), framed);
        const auto ids = torch::tensor(text_ids(*loaded.tokenizer, frame, "a red circle", 10)).unsqueeze(0);
        pipeline.clip->eval();
        const auto text = loaded.clip->embed_text(ids);
        QVERIFY(torch::equal(text.text_embed, pipeline.clip->embed_text(ids).text_embed));
        QCOMPARE(text.text_encodings.sizes(), (at::IntArrayRef{ 1, 10, 16 }));
        const auto image = loaded.clip->embed_image(torch::rand({ 1, 3, 40, 40 })).image_embed;
        QCOMPARE(image.sizes(), (at::IntArrayRef{ 1, 16 }));
        QVERIFY(std::abs(image.norm().item<double>() - 1) < 1e-5);

        PipelineGenerator generator(std::move(loaded), "", {});
        GenerateRequest request;
        request.prompts = { "a red circle" };
        const auto result = generator.generate(request, {}, {});
        QCOMPARE(result.pictures.size(), 1U);
        QCOMPARE(result.pictures[0].image.width, 16);
    }

    void aFramedTextIsCutBeforeItsEnd()
    {
        const auto tokenizer = Tokenizer::train({ "a red circle" }, 514); // no merges: one id for each letter
        const auto whole = text_ids(tokenizer, { 598, 599 }, "red", 7);
        QCOMPARE(whole.front(), 598);
        QCOMPARE(whole[4], 599);
        QCOMPARE(whole.back(), 0);
        const auto cut = text_ids(tokenizer, { 598, 599 }, "a red circle", 5);
        QCOMPARE(cut.size(), 5U);
        QCOMPARE(cut.back(), 599);
        QCOMPARE(text_ids(tokenizer, {}, "a red circle", 3).size(), 3U);
        QCOMPARE(room_for_text({ 598, 599 }, 5), 3U);
        QCOMPARE(room_for_text({ {}, 599 }, 5), 4U);
    }

    void whatFollowsTheEndOfATextIsNotSeen()
    {
        torch::NoGradGuard no_grad;
        OpenAiClipOptions options;
        options.vocab_size = 600;
        options.transformer_width = 16;
        options.transformer_heads = options.transformer_layers = 2;
        options.embed_dim = 8;
        options.image_resolution = 16;
        options.vision_layers = 1;
        options.vision_width = 64;
        options.vision_patch_size = 8;
        OpenAiClip clip(options);
        const auto text = torch::tensor({ { 598, 4, 0, 7, 599, 0, 0 } }), other = text.clone();
        other[0][5] = 33;
        const auto a = clip->embed_text(text), b = clip->embed_text(other);
        QVERIFY(torch::equal(a.text_embed, b.text_embed));
        QVERIFY(torch::equal(a.text_encodings, b.text_encodings));
        const auto seen = a.text_encodings.abs().sum(-1) > 0;
        QVERIFY(torch::equal(seen, torch::tensor({ { true, true, false, true, true, false, false } })));
    }

    void filesWithoutAKindHoldAnXClip()
    {
        auto config = tiny_x_clip();
        QVERIFY(std::holds_alternative<XClipOptions>(*pipeline_around(config).clip));
        QVERIFY(!to_json(pipeline_around(config))["clip"].contains("kind"));
        config["kind"] = "x_clip";
        QVERIFY(std::holds_alternative<XClipOptions>(*pipeline_around(config).clip));
        config["kind"] = "blip";
        const auto message = errorOf([&] { pipeline_around(config); });
        QVERIFY2(message.contains(QStringLiteral("\"blip\"")), qPrintable(message));
    }

    void impossibleSizesAreRefused_data()
    {
        QTest::addColumn<std::string>("config");
        QTest::addColumn<std::string>("values");
        const auto row = [](const char* name, json config, const char* pointer, const json& value,
                            const std::string& values) {
            config[json::json_pointer(pointer)] = value;
            QTest::newRow(name) << config.dump() << values;
        };
        row("text wider than the prior", tiny_openai_clip(), "/transformer_width", 32,
            "encodings are 32 wide");
        row("heads of a ViT", tiny_openai_clip(), "/vision_width", 96, "96");
        row("heads of a text tower", tiny_openai_clip(), "/transformer_heads", 3, "16 wide and has 3");
        row("patches", tiny_openai_clip(), "/vision_patch_size", 33, "patches 33");
        row("no patches", tiny_openai_clip(), "/vision_patch_size", nullptr, "not set");
        row("end token", tiny_openai_clip(), "/eos_id", 600, "id 600");
        row("stages", tiny_resnet_clip(), "/vision_layers", { 1, 1, 1 }, "3 numbers");
        row("side of a ResNet", tiny_resnet_clip(), "/image_resolution", 48, "48 pixels");
        row("heads of OpenCLIP", tiny_open_clip(), "/vision_cfg/head_width", 7, "head_width 7");
        row("other architectures", tiny_open_clip(), "/vision_cfg/attentional_pool", true, "not supported");
        row("unknown options", tiny_open_clip(), "/vision_cfg/pool_type", "avg", "pool_type");
    }
    void impossibleSizesAreRefused()
    {
        QFETCH(const std::string, config);
        QFETCH(const std::string, values);
        const auto message = errorOf([&] { built(json::parse(config)); });
        QVERIFY2(message.contains(QString::fromStdString(values)), qPrintable(message));
    }
};

QTEST_APPLESS_MAIN(TestClipKinds)
#include "tst_clip_kinds.moc"
