// SPDX-License-Identifier: MIT
#include "core/api/model_info.h"
#include "core/api/pipeline_generator.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/io/options_json.h"
#include "core/io/state_dict.h"
#include "core/nn/pixels.h"
#include "tests/parity/parity_case.h"

#include <torch/torch.h>

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <limits>

using namespace reverie;

namespace {

/// A whole pipeline of some thousand parameters; all weights are random, so that every part matters.
Pipeline tiny_pipeline(bool later_stage_reads_text = false)
{
    PipelineConfig config;
    XClipOptions clip;
    clip.dim_text = clip.dim_image = clip.dim_latent = 16;
    clip.num_text_tokens = 600;
    clip.text_seq_len = 16;
    clip.text_enc_depth = clip.visual_enc_depth = 1;
    clip.text_heads = clip.visual_heads = 2;
    clip.text_dim_head = clip.visual_dim_head = 8;
    clip.visual_image_size = 8;
    clip.visual_patch_size = 4;
    config.clip = clip;
    config.net = PriorNetworkOptions{};
    config.net->dim = config.net->max_text_len = 16;
    config.net->depth = 1;
    config.net->dim_head = 8;
    config.net->heads = 2;
    config.prior = DiffusionPriorOptions{};
    config.prior->timesteps = 20;
    config.prior->cond_drop_prob = 0.1;
    UnetOptions unet;
    unet.dim = 8;
    unet.image_embed_dim = 16;
    unet.cond_dim = 8;
    unet.dim_mults = { 1, 2 };
    unet.num_resnet_blocks = 1;
    unet.attn_heads = 2;
    unet.attn_dim_head = 8;
    unet.max_text_len = 1;
    config.unets = { unet, unet };
    if (later_stage_reads_text) {
        config.unets[1].cond_on_text_encodings = true;
        config.unets[1].text_embed_dim = 16;
        config.unets[1].max_text_len = 16;
    }
    config.decoder = DecoderOptions{};
    config.decoder->image_sizes = { 8, 16 };
    config.decoder->timesteps = 40;
    config.decoder->beta_schedule = std::optional<std::string>("cosine");
    config.decoder->learned_variance = PerStage<bool>(false);
    config.decoder->predict_x_start = true;
    config.sampling.prior_steps = 6;
    config.sampling.steps = { 6, 4 };
    config.sampling.sampler = "ddim";
    torch::manual_seed(7);
    auto pipeline = build_pipeline(config);
    torch::NoGradGuard no_grad;
    for (auto& parameter : pipeline.decoder->parameters())
        if (parameter.abs().max().item<double>() == 0)
            parameter.normal_(0, 0.1);
    for (auto& parameter : pipeline.decoder->unet(1)->named_parameters())
        if (parameter.key().starts_with("to_image_hiddens"))
            parameter.value().mul_(10);
    pipeline.tokenizer = Tokenizer::train({ "a red circle", "a blue square", "two green dots" }, 530);
    pipeline.metadata["reverie.trained"] = R"({"clip": 1, "prior": 1, "unet1": 1, "unet2": 1})";
    return pipeline;
}

double psnr(const Image& a, const Image& b)
{
    if (a.rgb.size() != b.rgb.size() || a.rgb.empty())
        return 0;
    double sum = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i)
        sum += std::pow(double(a.rgb[i]) - double(b.rgb[i]), 2);
    return sum == 0 ? 100 : 10 * std::log10(255. * 255. / (sum / double(a.rgb.size())));
}

GenerateRequest request_for(const std::string& prompt, int count = 1)
{
    GenerateRequest request;
    request.prompts = { prompt };
    request.count = count;
    request.seed = 11;
    return request;
}

template <class Call>
std::string usage_error_of(Call call)
{
    try {
        call();
    } catch (const UsageError& error) {
        return error.what();
    }
    return {};
}

/// A parity case of the kind dalle2 as a pipeline with its recorded weights.
Pipeline pipeline_of(const ParityCase& parity, const std::string& vocabulary)
{
    auto json = nlohmann::json{ { "clip", parity.config["clip"] },
                                { "prior", parity.config["prior"] },
                                { "decoder", parity.config["decoder"] } };
    json["prior"]["net"] = parity.config["net"];
    json["decoder"]["unets"] = parity.config["unets"];
    json["sampling"] = { { "candidates", parity.config.value("prior_num_samples", 2) } };
    auto pipeline = build_pipeline(pipeline_config_from_json(json));
    const auto load = [&](torch::nn::Module& module, const std::string& prefix, const std::string& except) {
        TensorMap part;
        for (const auto& [name, tensor] : parity.parameters)
            if (name.starts_with(prefix) && !(!except.empty() && name.starts_with(except)))
                part[name.substr(prefix.size())] = tensor;
        load_state_dict(module, part, "", parity.name);
    };
    load(*pipeline.clip, "prior.clip.clip.", "");
    load(*pipeline.prior, "prior.", "prior.clip.");
    load(*pipeline.decoder, "decoder.", "decoder.clip.");
    pipeline.tokenizer.emplace(vocabulary);
    return pipeline;
}

} // namespace

class TestGenerator : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(folder.isValid());
        path = (folder.path() + QStringLiteral("/tiny.safetensors")).toStdString();
        save_pipeline(path, tiny_pipeline());
    }

    void aSavedPipelineDrawsWhatTheOneInMemoryDraws()
    {
        PipelineGenerator in_memory(tiny_pipeline(), "", {});
        PipelineGenerator from_file(load_pipeline(path), "", {});
        const auto request = request_for("a red circle");
        QCOMPARE(psnr(in_memory.generate(request, {}, {}).pictures[0].image,
                      from_file.generate(request, {}, {}).pictures[0].image),
                 100.);
    }

    void aPictureIsTheSameAloneAndInABatch()
    {
        PipelineGenerator generator(load_pipeline(path), "", {});
        const auto batch = generator.generate(request_for("a red circle", 8), {}, {});
        QCOMPARE(batch.pictures.size(), 8U);
        QVERIFY(psnr(batch.pictures[0].image, batch.pictures[1].image) < 40);
        for (const auto& picture : batch.pictures) {
            auto alone = request_for("a red circle");
            alone.seed = picture.seed;
            const auto result = generator.generate(alone, {}, {});
            QVERIFY(psnr(result.pictures[0].image, picture.image) > 45);
        }
        auto by_two = request_for("a red circle", 8);
        by_two.batch = 2;
        const auto pairs = generator.generate(by_two, {}, {});
        for (std::size_t i = 0; i < 8; ++i)
            QVERIFY(psnr(pairs.pictures[i].image, batch.pictures[i].image) > 45);
    }

    void laterStagesFollowTheirOwnGuidanceWhereTheyReadThePrompt()
    {
        for (const bool reads : { false, true }) {
            PipelineGenerator generator(tiny_pipeline(reads), "", {});
            const auto drawn = [&generator](double scale) {
                auto request = request_for("a red circle");
                request.recipe.later = LaterStages{ 2, 5, scale };
                return generator.generate(request, {}, {}).pictures.at(0);
            };
            const auto plain = drawn(1), guided = drawn(6);
            QCOMPARE(guided.stages[0], plain.stages[0]);
            QCOMPARE(guided.image != plain.image, reads); // only the first stage sees the image embedding
            QVERIFY(!reads || psnr(guided.image, plain.image) < 45);
        }
    }

    void severalPromptsMakeThePicturesTheyMakeAlone()
    {
        PipelineGenerator generator(load_pipeline(path), "", {});
        GenerateRequest both = request_for("a red circle");
        both.prompts = { "a red circle", "a blue square" };
        const auto result = generator.generate(both, {}, {});
        QCOMPARE(result.pictures[1].prompt, std::string("a blue square"));
        QCOMPARE(result.pictures[1].seed, std::uint64_t(12));
        auto second = request_for("a blue square");
        second.seed = 12;
        QVERIFY(psnr(generator.generate(second, {}, {}).pictures[0].image, result.pictures[1].image) > 45);
    }

    void swappedEmbeddingsSwapThePictures()
    {
        PipelineGenerator generator(load_pipeline(path), "", {});
        GenerateRequest request = request_for("a red circle");
        request.prompts = { "a red circle", "a blue square" };
        const auto own = generator.generate(request, {}, {}).pictures;
        auto swapped = request;
        swapped.image_embeds = { own[1].image_embed, own[0].image_embed };
        const auto pictures = generator.generate(swapped, {}, {}).pictures;
        // The seeds stay in place, so compare with pictures of the other embedding and the same seed.
        auto first = request_for("a blue square");
        first.image_embeds = { own[1].image_embed };
        QVERIFY(psnr(pictures[0].image, generator.generate(first, {}, {}).pictures[0].image) > 45);
        QVERIFY(psnr(pictures[0].image, own[0].image) < 40);
    }

    void aStageGoesOnFromAKeptPicture()
    {
        PipelineGenerator generator(load_pipeline(path), "", {});
        const auto whole = generator.generate(request_for("a red circle"), {}, {}).pictures[0];
        QCOMPARE(whole.stages.size(), 2U);
        QCOMPARE(whole.stages[0].width, 8);
        QCOMPARE(whole.image.width, 16);
        auto again = request_for("a red circle");
        again.kept = { { 1, whole.stages[0] } };
        const auto result = generator.generate(again, {}, {});
        QVERIFY(psnr(result.pictures[0].image, whole.image) > 30); // the kept stage went through 8 bits
        auto small = request_for("a red circle");
        small.stop_after_stage = 1;
        QVERIFY(psnr(generator.generate(small, {}, {}).pictures[0].image, whole.stages[0]) > 45);
    }

    void everyStepIsReportedAndShown()
    {
        PipelineGenerator generator(load_pipeline(path), "", {});
        std::vector<int> steps(3);
        double progress = 0;
        std::size_t finished = 0, candidates = 0, previews = 0;
        auto request = request_for("a red circle", 2);
        request.keep_steps = true;
        const auto result = generator.generate(request,
                                               [&](const GenerateUpdate& update) {
                                                   steps[std::size_t(update.stage)] = std::max(
                                                       steps[std::size_t(update.stage)], update.step);
                                                   QVERIFY(update.progress >= progress);
                                                   progress = update.progress;
                                                   finished += update.finished.size();
                                                   candidates += update.candidates.size();
                                                   previews += update.previews.size();
                                               },
                                               {});
        QCOMPARE(steps, (std::vector<int>{ 6, 6, 4 }));
        QCOMPARE(progress, 1.);
        QCOMPARE(finished, 2U);
        QCOMPARE(candidates, 2U);
        QVERIFY(previews >= 20);
        QCOMPARE(result.pictures[0].steps[0].size(), 6U);
        QCOMPARE(result.pictures[0].candidates.size(), 2U);
        QCOMPARE(std::count_if(result.pictures[0].candidates.begin(), result.pictures[0].candidates.end(),
                               [](const auto& candidate) { return candidate.chosen; }),
                 1);
    }

    void stoppingEndsWithinAStepAndKeepsWhatIsThere()
    {
        PipelineGenerator generator(load_pipeline(path), "", {});
        std::stop_source stop;
        int after = 0;
        const auto result = generator.generate(
            request_for("a red circle"),
            [&](const GenerateUpdate& update) {
                after += stop.stop_requested() ? 1 : 0;
                if (update.stage == 1 && update.step == 3)
                    stop.request_stop();
            },
            stop.get_token());
        QVERIFY(result.stopped);
        QCOMPARE(after, 0);
        QCOMPARE(result.pictures.size(), 1U);
        QVERIFY(!result.pictures[0].complete);
        QCOMPARE(result.pictures[0].image.width, 8);
    }

    void everySamplerDrawsAndSaysSo_data()
    {
        QTest::addColumn<QString>("name");
        for (const auto* name : { "auto", "ddpm", "ddim", "dpmpp" })
            QTest::newRow(name) << QString::fromLatin1(name);
    }
    void everySamplerDrawsAndSaysSo()
    {
        QFETCH(QString, name);
        PipelineGenerator generator(load_pipeline(path), "", {});
        auto request = request_for("a red circle");
        request.sampler = sampler_from_string(name.toStdString());
        const auto result = generator.generate(request, {}, {});
        QVERIFY(result.pictures[0].complete);
        QCOMPARE(std::string(to_string(result.settings.sampler)), name.toStdString());
        QCOMPARE(result.settings.steps[0], name == QStringLiteral("ddpm") ? 40 : 6);
    }

    void aWrongRequestIsRefusedInOneSentence()
    {
        PipelineGenerator generator(load_pipeline(path), "", {});
        const auto refused = [&](auto change) {
            auto request = request_for("a red circle");
            change(request);
            const auto text = usage_error_of([&] { generator.generate(request, {}, {}); });
            return !text.empty() && text.back() == '.';
        };
        const double nan = std::numeric_limits<double>::quiet_NaN();
        QVERIFY(refused([](auto& r) { r.prompts = { "" }; }));
        QVERIFY(refused([](auto& r) { r.prompts = { " \n" }; }));
        QVERIFY(refused([](auto& r) { r.prompts.clear(); }));
        QVERIFY(refused([](auto& r) { r.count = 0; }));
        QVERIFY(refused([](auto& r) { r.steps = { 0 }; }));
        QVERIFY(refused([](auto& r) { r.steps = { 41 }; }));
        QVERIFY(refused([](auto& r) { r.steps = { 4, 4, 4 }; }));
        QVERIFY(refused([](auto& r) { r.prior_steps = 21; }));
        QVERIFY(refused([&](auto& r) { r.cond_scale = nan; }));
        QVERIFY(refused([&](auto& r) { r.prior_cond_scale = -std::numeric_limits<double>::infinity(); }));
        QVERIFY(refused([](auto& r) { r.eta = 1.5; }));
        QVERIFY(refused([](auto& r) { r.candidates = 0; }));
        QVERIFY(refused([](auto& r) { r.seed = ~std::uint64_t(0); }));
        QVERIFY(refused([](auto& r) { r.seed = (1ULL << 53U) - 1, r.count = 2; }));
        QVERIFY(refused([&](auto& r) { r.recipe.later = LaterStages{ 2, 0, nan }; }));
        QVERIFY(refused([](auto& r) { r.image_embeds = { { 1.F, 2.F } }; }));
        QVERIFY(refused([](auto& r) { r.kept = { { 2, Image{} } }; }));
        QVERIFY(refused([](auto& r) {
            r.count = 2;
            const auto square = [](int side) {
                return Image{ side, side, std::vector<std::uint8_t>(std::size_t(3 * side * side)) };
            };
            r.kept = { { 1, square(8) }, { 1, square(4) } };
        }));
        QVERIFY(refused([](auto& r) { r.sampler = Sampler::Ddpm, r.steps = { 4 }; }));
        QVERIFY(
            usage_error_of([&] { PipelineGenerator(load_pipeline(path), "", { .device = "tpu" }); }).size()
            > 0);
    }

    void aPromptThatIsTooLongOrStrangeIsDrawnWithAWarning_data()
    {
        QTest::addColumn<QString>("prompt");
        QTest::addColumn<int>("warnings");
        QTest::newRow("known") << QStringLiteral("a red circle") << 0;
        QTest::newRow("capitals") << QStringLiteral("A RED Circle") << 0;
        QTest::newRow("long") << QStringLiteral("circle ").repeated(1500) << 1;
        QTest::newRow("Chinese") << QString::fromUtf8("一块比萨") << 1;
        QTest::newRow("emoji") << QString::fromUtf8("🍕") << 1;
    }
    void aPromptThatIsTooLongOrStrangeIsDrawnWithAWarning()
    {
        QFETCH(QString, prompt);
        QFETCH(int, warnings);
        auto pipeline = load_pipeline(path);
        pipeline.metadata["reverie.captions"] = R"(["a red circle", "a blue square"])";
        PipelineGenerator generator(std::move(pipeline), "", {});
        int warned = 0;
        const auto result = generator.generate(
            request_for(prompt.toStdString()),
            [&](const GenerateUpdate& update) { warned += update.warning.empty() ? 0 : 1; }, {});
        QVERIFY(result.pictures[0].complete);
        QCOMPARE(warned, warnings);
    }

    void untrainedPartsAreNamed()
    {
        auto pipeline = load_pipeline(path);
        pipeline.metadata["reverie.trained"] = R"({"clip": 5, "unet1": 3, "unet2": 9})";
        PipelineGenerator generator(std::move(pipeline), "", {});
        std::string warning;
        generator.generate(request_for("a red circle"),
                           [&](const GenerateUpdate& update) { warning += update.warning; }, {});
        QVERIFY(warning.find("the prior") != std::string::npos);
        QVERIFY(warning.find("CLIP") == std::string::npos);
    }

    void aHalfOfAPipelineIsNotDrawnFrom()
    {
        auto pipeline = load_pipeline(path);
        pipeline.prior = nullptr;
        QVERIFY_EXCEPTION_THROWN(PipelineGenerator(std::move(pipeline), "", {}), Error);
    }

    void recordedRunsOfTheReferenceComeOutOfTheGenerator_data()
    {
        QTest::addColumn<QString>("name");
        for (const auto* name : { "dalle2_text_list", "dalle2_text_string", "dalle2_token_tensor" })
            QTest::newRow(name) << QString::fromLatin1(name);
    }
    void recordedRunsOfTheReferenceComeOutOfTheGenerator()
    {
        QFETCH(QString, name);
        const auto parity = read_parity_case(std::filesystem::path(REVERIE_TEST_DATA) / "parity"
                                             / (name.toStdString() + ".safetensors"));
        const auto* const vocabulary = std::getenv("REVERIE_CLIP_VOCAB");
        const bool words = parity.call.contains("text");
        if (words && !vocabulary)
            QSKIP("REVERIE_CLIP_VOCAB is not set.");
        const auto file = (folder.path() + QStringLiteral("/parity.safetensors")).toStdString();
        save_pipeline(file, pipeline_of(parity, words ? read_file(vocabulary) : std::string()));
        // All stages draw from one recording, in order.
        auto recording = std::make_shared<ReplayedNoise>(parity.noises);
        struct Shared : Noise {
            std::shared_ptr<ReplayedNoise> inner;
            Tensor normal(at::IntArrayRef shape) override { return inner->normal(shape); }
            Tensor uniform(at::IntArrayRef shape) override { return inner->uniform(shape); }
            Tensor integers(std::int64_t high, at::IntArrayRef shape) override
            {
                return inner->integers(high, shape);
            }
            double coin() override { return inner->coin(); }
            double between(double low, double high) override { return inner->between(low, high); }
            std::int64_t pick(std::int64_t low, std::int64_t high) override { return inner->pick(low, high); }
        };
        PipelineGenerator generator(load_pipeline(file), "", {}, [&](int, int, int, int) {
            auto noise = std::make_unique<Shared>();
            noise->inner = recording;
            return noise;
        });
        GenerateRequest request;
        if (words && parity.call["text"].is_string())
            request.prompts = { parity.call["text"] };
        else if (words)
            request.prompts = parity.call["text"].get<std::vector<std::string>>();
        else
            for (std::int64_t i = 0; i < parity.input("text").size(0); ++i) {
                const auto row = parity.input("text")[i].contiguous();
                request.prompts.emplace_back("ids");
                request.ids.emplace_back(row.data_ptr<std::int64_t>(),
                                         row.data_ptr<std::int64_t>() + row.numel());
            }
        request.cond_scale = parity.call["cond_scale"].get<double>();
        request.prior_cond_scale = parity.call["prior_cond_scale"].get<double>();
        const auto result = generator.generate(request, {}, {});
        auto expected = parity.outputs.at("image");
        if (expected.dim() == 3)
            expected = expected.unsqueeze(0);
        const auto images = to_images(expected);
        QCOMPARE(result.pictures.size(), images.size());
        for (std::size_t i = 0; i < images.size(); ++i)
            for (std::size_t byte = 0; byte < images[i].rgb.size(); ++byte)
                QVERIFY(std::abs(int(images[i].rgb[byte]) - int(result.pictures[i].image.rgb[byte])) <= 1);
    }

private:
    QTemporaryDir folder;
    std::filesystem::path path;
};

QTEST_APPLESS_MAIN(TestGenerator)
#include "tst_generator.moc"
