// SPDX-License-Identifier: MIT
#include "core/api/model_assembly.h"
#include "core/api/model_info.h"
#include "core/api/pipeline_generator.h"
#include "core/api/weights_info.h"
#include "core/base/file.h"
#include "core/diffusion/respacing.h"
#include "core/io/pipeline.h"
#include "core/io/safetensors.h"
#include "core/nn/pixels.h"
#include "core/train/run_training.h"
#include "tests/base/error_of.h"

#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>
#include <torch/torch.h>

namespace fs = std::filesystem;
using namespace reverie;
using nlohmann::json;

namespace {

std::string data(const std::string& name)
{
    return std::string(REVERIE_TEST_DATA) + "/weights/" + name;
}

std::vector<std::string> karlosFiles()
{
    return { data("karlo/prior.ckpt"), data("karlo/decoder.ckpt"), data("karlo/sr.ckpt"),
             data("karlo/stats.th") };
}

/// Hands out a recorded stage's noise: the start, then one for each step.
class RecordedNoise : public Noise
{
public:
    explicit RecordedNoise(Tensor noises)
        : noises_(std::move(noises))
    {
    }
    Tensor normal(at::IntArrayRef shape) override
    {
        auto drawn = noises_[next_++];
        TORCH_CHECK(drawn.sizes() == shape, "noise of another shape");
        return drawn;
    }
    Tensor uniform(at::IntArrayRef) override { TORCH_CHECK(false, "no uniform noise is recorded"); }
    Tensor integers(std::int64_t, at::IntArrayRef) override
    {
        TORCH_CHECK(false, "no integers are recorded");
    }
    double coin() override { TORCH_CHECK(false, "no coins are recorded"); }
    double between(double, double) override { return coin(); }
    std::int64_t pick(std::int64_t, std::int64_t) override { return std::int64_t(coin()); }

private:
    Tensor noises_;
    std::int64_t next_ = 0;
};

/// The largest difference, in units of the larger side's spread.
double apart(const Tensor& a, const Tensor& b)
{
    if (a.sizes() != b.sizes())
        return 1e9;
    return ((a - b).abs().max() / b.std()).item<double>();
}

Tensor pixels(const std::vector<Picture>& pictures, std::size_t stage)
{
    std::vector<Tensor> all;
    for (const auto& picture : pictures)
        all.push_back(to_tensor(picture.stages.at(stage)));
    return torch::cat(all);
}

Tensor rounded(const Tensor& picture) // to the bytes of an Image
{
    return (picture.clamp(0, 1) * 255).round() / 255;
}

} // namespace

class KarloTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    TensorMap m_recorded;
    fs::path m_karlo, m_diffusers;

    fs::path path(const std::string& name) const { return fs::path(m_folder.path().toStdString()) / name; }

    ModelImportRequest request(std::vector<std::string> parts, const std::string& out) const
    {
        ModelImportRequest request;
        request.parts = std::move(parts);
        request.out = path(out);
        return request;
    }

    fs::path imported(std::vector<std::string> parts, const std::string& out, const std::string& clip = {},
                      const std::string& vocab = {}) const
    {
        auto wanted = request(std::move(parts), out);
        wanted.clip = clip;
        wanted.vocab = vocab;
        return assemble_model(wanted).path;
    }

    [[nodiscard]] TextCondition text() const
    {
        return { m_recorded.at("text_embed"), m_recorded.at("text_encodings") };
    }

    /// The recorded run of both texts.
    GenerateResult drawn(const fs::path& model, const GenerateRequest& given) const
    {
        auto request = given;
        const auto ids = m_recorded.at("ids");
        request.prompts = { "one", "two" };
        for (std::int64_t i = 0; i < 2; ++i)
            request.ids.emplace_back(ids[i].data_ptr<std::int64_t>(), ids[i].data_ptr<std::int64_t>() + 12);
        const MakeNoise make_noise = [this](int stage, int, int, int) {
            return std::make_unique<RecordedNoise>(m_recorded.at("noise_" + std::to_string(stage)));
        };
        return PipelineGenerator(load_pipeline(model), "", GeneratorOptions{}, make_noise)
            .generate(request, {}, {});
    }

    static GenerateRequest asRecorded()
    {
        GenerateRequest request;
        request.prior_steps = 5;
        request.steps = { 6, 7 };
        return request;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_recorded = read_safetensors(data("karlo/recorded.safetensors")).tensors;
        m_karlo = imported(karlosFiles(), "karlo.safetensors", data("karlo/clip.pt"),
                           data("vocabulary/merges.txt"));
        m_diffusers = imported({ data("diffusers") }, "diffusers.safetensors");
    }

    void clipGivesItsEmbeddingsAsTheyAre()
    {
        auto pipeline = load_pipeline(m_karlo);
        torch::NoGradGuard no_grad;
        const auto embedded = pipeline.clip->embed_text(m_recorded.at("ids"));
        QVERIFY(apart(embedded.text_embed, m_recorded.at("text_embed")) < 1e-4);
        QVERIFY(apart(embedded.text_encodings, m_recorded.at("text_encodings")) < 1e-4);
        QVERIFY(apart(pipeline.clip->embed_image(m_recorded.at("picture")).image_embed,
                      m_recorded.at("image_embed"))
                < 1e-4);
        const auto empty = pipeline.clip->embed_empty_text(2);
        QCOMPARE((empty.text_encodings != 0).any(-1).sum().item<int>(), 4); // two texts of two tokens
    }

    void networksComputeWhatWasRecorded_data()
    {
        QTest::addColumn<bool>("diffusers");
        QTest::newRow("Karlo's files") << false;
        QTest::newRow("diffusers' folder") << true;
    }
    void networksComputeWhatWasRecorded()
    {
        QFETCH(bool, diffusers);
        auto pipeline = load_pipeline(diffusers ? m_diffusers : m_karlo);
        torch::NoGradGuard no_grad;
        auto* prior = dynamic_cast<KarloPriorImpl*>(pipeline.prior.get());
        QVERIFY(prior);
        const auto t = m_recorded.at("t");
        QVERIFY(apart(prior->transformer()(m_recorded.at("prior_x"), t, text()), m_recorded.at("prior"))
                < 1e-4);

        UnetCondition seen;
        seen.image_embed = m_recorded.at("image_embed");
        seen.text_encodings = text().text_encodings;
        seen.text_embed = text().text_embed;
        QVERIFY(apart(pipeline.decoder->unet(1)->forward(m_recorded.at("decoder_x"), t, seen),
                      m_recorded.at("decoder"))
                < 1e-4);

        const auto both = m_recorded.at("larger_x").chunk(2, 1);
        UnetCondition smaller;
        smaller.lowres_cond_img = both[1];
        auto larger = pipeline.decoder->unet(2);
        QVERIFY(apart(larger->forward(both[0], t, smaller), m_recorded.at("larger_first")) < 1e-4);
        QVERIFY(apart(larger->forward(both[0], 0 * t, smaller), m_recorded.at("larger_last")) < 1e-4);
        const auto mixed = larger->forward(both[0], torch::tensor({ 999, 0 }), smaller);
        QVERIFY(apart(mixed[0], m_recorded.at("larger_first")[0]) < 1e-4);
        QVERIFY(apart(mixed[1], m_recorded.at("larger_last")[1]) < 1e-4);
    }

    void chainsDrawWhatWasRecorded_data() { networksComputeWhatWasRecorded_data(); }
    void chainsDrawWhatWasRecorded()
    {
        QFETCH(bool, diffusers);
        const std::string name = diffusers ? "drawn_diffusers" : "drawn";
        const auto result = drawn(diffusers ? m_diffusers : m_karlo, asRecorded());
        QCOMPARE(result.pictures.size(), 2U);
        std::vector<Tensor> embeds;
        for (const auto& picture : result.pictures)
            embeds.push_back(torch::tensor(picture.image_embed).unsqueeze(0));
        QVERIFY(apart(torch::cat(embeds), m_recorded.at(name + "_embed")) < 1e-4);
        // An image holds bytes, and a value in between may fall to either side.
        for (const auto& [stage, size] : { std::pair(0U, "_small"), std::pair(1U, "_large") }) {
            const auto off = (pixels(result.pictures, stage) - rounded(m_recorded.at(name + size))).abs();
            QVERIFY2(off.max().item<double>() < 1.5 / 255,
                     qPrintable(QString::number(off.max().item<double>())));
            QVERIFY(off.mean().item<double>() < 0.02 / 255);
        }
        QVERIFY(!torch::equal(m_recorded.at("drawn_embed"), m_recorded.at("drawn_diffusers_embed")));
    }

    void aPictureIsVariedWithTheEmptyText()
    {
        auto request = asRecorded();
        request.stop_after_stage = 1;
        request.cond_scale = 3;
        const auto nothing = std::vector<std::int64_t>{ 516, 517, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
        request.ids = { nothing, nothing };
        request.prompts = { "", "" };
        for (std::int64_t i = 0; i < 2; ++i) {
            const auto row = m_recorded.at("image_embed")[i].contiguous();
            request.image_embeds.emplace_back(row.data_ptr<float>(), row.data_ptr<float>() + row.numel());
        }
        const MakeNoise make_noise = [this](int stage, int, int, int) {
            return std::make_unique<RecordedNoise>(m_recorded.at("noise_" + std::to_string(stage)));
        };
        const auto result = PipelineGenerator(load_pipeline(m_karlo), "", GeneratorOptions{}, make_noise)
                                .generate(request, {}, {});
        const auto off = (pixels(result.pictures, 0) - rounded(m_recorded.at("varied_small"))).abs();
        QVERIFY(off.max().item<double>() < 1.5 / 255);
    }

    void bothLayoutsAreTheSameWeights()
    {
        const auto karlo = read_safetensors(m_karlo), diffusers = read_safetensors(m_diffusers);
        for (const auto& [name, tensor] : karlo.tensors) {
            if (name.starts_with("clip.visual.") || name == "clip.logit_scale")
                continue; // the folder has no image tower
            const auto found = diffusers.tensors.find(name);
            QVERIFY2(found != diffusers.tensors.end(), name.c_str());
            QVERIFY2(torch::equal(found->second.to(torch::kFloat32), tensor.to(torch::kFloat32)),
                     name.c_str());
        }
        const auto config = json::parse(diffusers.metadata.at("reverie.config"));
        QVERIFY(config["prior"]["kind"] == "karlo" && config["prior"]["clip_range"] == 5.0);
        QVERIFY(json::parse(karlo.metadata.at("reverie.config"))["prior"]["clip_range"] == 10.0);
        // Once more through its own file.
        const auto again = imported({ m_karlo.string() }, "again.safetensors");
        QCOMPARE(read_safetensors(again).tensors.size(), karlo.tensors.size());
        QCOMPARE(drawn(again, asRecorded()).pictures.at(1).image.rgb,
                 drawn(m_karlo, asRecorded()).pictures.at(1).image.rgb);
    }

    void defaultsAreThePublishers()
    {
        const auto karlo = read_model_info(m_karlo), diffusers = read_model_info(m_diffusers);
        QVERIFY(karlo.is_pipeline() && karlo.trained && karlo.guidance && karlo.prior_guidance);
        QCOMPARE(karlo.prior.default_steps, 25);
        QCOMPARE(karlo.prior.max_steps, 1000);
        QCOMPARE(karlo.stages.at(0).default_steps, 50);
        QCOMPARE(diffusers.stages.at(0).default_steps, 25);
        QCOMPARE(karlo.stages.at(1).default_steps, 7);
        QCOMPARE(karlo.stages.at(1).size, 32);
        QCOMPARE(karlo.cond_scale, 8.);
        QCOMPARE(karlo.prior_cond_scale, 4.);
        QCOMPARE(karlo.candidates, 1);
        QCOMPARE(karlo.embed_dim, 16);
        QCOMPARE(karlo.context_length, 12);
    }

    void everyRequestReachesIt()
    {
        auto request = asRecorded();
        request.prompts = { "in the an" };
        request.seed = 3;
        int previews = 0, stages = 0;
        PipelineGenerator made(load_pipeline(m_karlo), "", GeneratorOptions{});
        Generator& generator = made;
        const auto on_update = [&](const GenerateUpdate& update) {
            previews += update.previews.empty() ? 0 : 1;
            stages = std::max(stages, update.stage);
        };
        const auto first = generator.generate(request, on_update).pictures.at(0);
        QCOMPARE(stages, 2);
        QCOMPARE(previews, 6 + 7 + 2);
        QCOMPARE(first.image.width, 32);
        const auto differs = [&](auto change) {
            auto other = request;
            change(other);
            return generator.generate(other).pictures.at(0).image.rgb != first.image.rgb;
        };
        QVERIFY(!differs([](GenerateRequest&) {}));
        QVERIFY(differs([](GenerateRequest& r) { r.cond_scale = 1; }));
        QVERIFY(differs([](GenerateRequest& r) { r.prior_cond_scale = 1; }));
        QVERIFY(differs([](GenerateRequest& r) { r.steps = { 3 }; }));
        QVERIFY(differs([](GenerateRequest& r) { r.steps = { 6, 1 }; }));
        QVERIFY(differs([](GenerateRequest& r) { r.prior_steps = 9; }));
        QVERIFY(differs([](GenerateRequest& r) { r.candidates = 4; }));
        QVERIFY(!differs([](GenerateRequest& r) { r.sampler = Sampler::Ddpm; })); // which Auto is here
        QVERIFY(differs([](GenerateRequest& r) { r.sampler = Sampler::Ddim; }));
        QVERIFY(differs([](GenerateRequest& r) { r.sampler = Sampler::Dpmpp; }));
        QVERIFY(differs([](GenerateRequest& r) { r.recipe.negative = "re"; }));
        QVERIFY(differs([&](GenerateRequest& r) { r.recipe.start = StartPicture{ { first.image }, 0.5 }; }));
        QVERIFY(differs([&](GenerateRequest& r) {
            r.recipe.blend = { { "in", {}, 1 }, { "", SourcePicture{ first.image }, 1 } };
        }));
        QVERIFY(differs([](GenerateRequest& r) { r.recipe.text_diff = { "in", "re", 0.7 }; }));
    }

    void inpaintingKeepsWhatIsGiven()
    {
        auto request = asRecorded();
        request.prompts = { "in" };
        Image picture, mask;
        picture.width = picture.height = mask.width = mask.height = 32;
        picture.rgb.assign(32 * 32 * 3, 200);
        mask.rgb.assign(32 * 32 * 3, 0);
        std::fill(mask.rgb.begin() + 16 * 32 * 3, mask.rgb.end(), 255); // the lower half is drawn
        request.recipe.inpaint = InpaintPicture{ { picture }, { mask }, 2 };
        PipelineGenerator made(load_pipeline(m_karlo), "", GeneratorOptions{});
        Generator& generator = made;
        const auto drawn = to_tensor(generator.generate(request).pictures.at(0).image);
        QVERIFY(((drawn.slice(2, 0, 16) * 255 - 200).abs() < 1.5).all().item<bool>());
        QVERIFY(drawn.slice(2, 16).std().item<double>() > 0.05);
    }

    void variationsTakeTheImageTowerOfTheirFolder()
    {
        // The publisher's folder of variations: no prior, but a tower for pictures.
        const auto folder = path("variations");
        fs::create_directories(folder);
        for (const char* part :
             { "decoder", "text_proj", "super_res_first", "super_res_last", "text_encoder", "tokenizer" })
            fs::copy(data(std::string("diffusers/") + part), folder / part, fs::copy_options::recursive);
        fs::copy(data("karlo/image_encoder"), folder / "image_encoder", fs::copy_options::recursive);
        write_file(folder / "model_index.json", R"({"_class_name": "UnCLIPImageVariationPipeline"})");
        const auto info = read_weights_info(folder);
        QVERIFY(info.importable);
        QCOMPARE(info.parts.at(0).kind, std::string("diffusers"));
        QVERIFY(info.needs.at(0).find("prior") != std::string::npos);

        const auto model = imported({ folder.string(), "prior=" + data("diffusers") }, "both.safetensors");
        auto pipeline = load_pipeline(model);
        torch::NoGradGuard no_grad;
        QVERIFY(apart(pipeline.clip->embed_image(m_recorded.at("picture")).image_embed,
                      m_recorded.at("image_embed"))
                < 1e-4);
        const auto error
            = errorOf([&] { load_pipeline(m_diffusers).clip->embed_image(m_recorded.at("picture")); });
        QVERIFY2(error.contains(QStringLiteral("has no image tower")), qPrintable(error));
    }

    void whatDoesNotBelongTogetherIsRefused_data()
    {
        QTest::addColumn<QStringList>("parts");
        QTest::addColumn<QString>("clip");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, std::initializer_list<const char*> parts, const char* clip,
                            const char* says) {
            QStringList list;
            for (const auto* part : parts)
                list << QString::fromLatin1(part);
            QTest::newRow(name) << list << QString::fromLatin1(clip) << QString::fromLatin1(says);
        };
        row("a prior without statistics", { "karlo/prior.ckpt" }, "karlo/clip.pt", "ViT-L-14_stats.th");
        row("super-resolution alone", { "karlo/sr.ckpt" }, "karlo/clip.pt", "goes after Karlo's decoder");
        row("statistics alone", { "karlo/stats.th" }, "karlo/clip.pt", "go with Karlo's prior");
        row("an x-clip", { "karlo/decoder.ckpt" }, "reference/x_clip.pt", "is an x-clip");
        row("another prior", { "karlo/decoder.ckpt", "reference/prior.pth" }, "karlo/clip.pt",
            "take prior and decoder of one publisher");
        row("another decoder", { "karlo/prior.ckpt", "karlo/stats.th", "reference/decoder.pth" },
            "karlo/clip.pt", "take prior and decoder of one publisher");
        row("a narrower CLIP", { "karlo/prior.ckpt", "karlo/stats.th" }, "hf_clip", "have 8");
        row("no CLIP", { "karlo/decoder.ckpt", "karlo/sr.ckpt" }, "", "No file has a CLIP");
    }
    void whatDoesNotBelongTogetherIsRefused()
    {
        QFETCH(QStringList, parts);
        QFETCH(QString, clip);
        QFETCH(QString, says);
        auto wanted = request({}, "never.safetensors");
        for (const auto& part : parts)
            wanted.parts.push_back(data(part.toStdString()));
        wanted.clip = clip.isEmpty() ? "" : data(clip.toStdString());
        wanted.vocab = data("vocabulary/merges.txt");
        const auto error = errorOf([&] { assemble_model(wanted); });
        QVERIFY2(error.contains(says), qPrintable(error));
    }

    void aDamagedFileIsRefusedByName_data()
    {
        QTest::addColumn<QString>("change");
        for (const char* change : { "drop", "shape", "unknown" })
            QTest::newRow(change) << QString::fromLatin1(change);
    }
    void aDamagedFileIsRefusedByName()
    {
        QFETCH(QString, change);
        const auto folder = path("damaged_" + change.toStdString());
        fs::copy(data("diffusers"), folder, fs::copy_options::recursive);
        const auto weights = folder / "decoder/diffusion_pytorch_model.safetensors";
        auto file = read_safetensors(weights);
        const std::string key = "down_blocks.1.attentions.0.add_k_proj.weight";
        if (change == QStringLiteral("drop"))
            file.tensors.erase(key);
        else if (change == QStringLiteral("shape"))
            file.tensors["conv_out.bias"] = torch::zeros({ 5 });
        else
            file.tensors["down_blocks.1.attentions.0.to_w.weight"] = torch::zeros({ 5 });
        for (auto& [name, tensor] : file.tensors)
            tensor = tensor.clone();
        write_safetensors(weights, file.tensors);
        const auto error = errorOf([&] { imported({ folder.string() }, "never.safetensors"); });
        QVERIFY2(error.contains(QStringLiteral("damaged_")), qPrintable(error));
        QVERIFY2(error.contains(change == QStringLiteral("drop") ? QStringLiteral("lacks a projection of ")
                                    : change == QStringLiteral("shape")
                                    ? QStringLiteral("decoder.unets.0.out.2.bias [5] instead of [6]")
                                    : QStringLiteral("to_w")),
                 qPrintable(error));
        QVERIFY(!fs::exists(path("never.safetensors")));
    }

    void itCanNotBeTrained()
    {
        TrainRequest request;
        request.data = "shapes";
        request.run = path("run");
        request.device = "cpu";
        request.config = std::string(REVERIE_TEST_DATA) + "/train/smallest.json";
        request.init = m_karlo; // into networks of another kind
        const auto refused = [&] { return errorOf([&] { run_training(request, {}, {}); }); };
        QVERIFY2(refused().contains(QStringLiteral("karlo.safetensors holds Karlo's networks")),
                 qPrintable(refused()));
        // Or as they are, by their own configuration.
        auto config = json::parse(read_safetensors(m_karlo).metadata.at("reverie.config"));
        config.erase("sampling");
        write_file(path("config.json"), json{ { "model", config } }.dump());
        request.config = path("config.json");
        request.init.clear();
        request.what = "prior";
        QVERIFY2(refused().contains(QStringLiteral("can be drawn with but not trained")),
                 qPrintable(refused()));
        request.what = "decoder";
        QVERIFY2(refused().contains(QStringLiteral("U-Net 1 is of Karlo's kind")), qPrintable(refused()));
        QVERIFY(!fs::exists(path("run") / "checkpoints"));
    }

    void timesAreSpacedAsGuidedDiffusionDoes()
    {
        const auto seven = spaced_times(1000, 7);
        QCOMPARE(seven, (std::vector<std::int64_t>{ 0, 166, 333, 500, 666, 832, 999 }));
        QCOMPARE(spaced_times(1000, 1), (std::vector<std::int64_t>{ 0 }));
        const auto all = spaced_times(20, 20);
        for (std::int64_t t = 0; t < 20; ++t)
            QCOMPARE(all.at(std::size_t(t)), t);
        QVERIFY(errorOf([] { spaced_times(10, 11); }).contains(QStringLiteral("take 1 to 10")));

        // A chain of every step is the schedule itself.
        const NoiseScheduleOptions options{ .timesteps = 20 };
        const NoiseSchedule whole(options), kept(options, all);
        QVERIFY(torch::allclose(whole->betas, kept->betas, 1e-4, 1e-6));
        QVERIFY(torch::allclose(whole->posterior_mean_coef2, kept->posterior_mean_coef2, 1e-4, 1e-6));
    }
};

QTEST_GUILESS_MAIN(KarloTest)
#include "tst_karlo.moc"
