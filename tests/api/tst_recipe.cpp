// SPDX-License-Identifier: MIT
#include "core/api/model_info.h"
#include "core/api/picture_file.h"
#include "core/api/pipeline_generator.h"
#include "core/base/error.h"
#include "core/nn/pixels.h"

#include <torch/torch.h>

#include <QTest>

#include <cmath>
#include <numbers>

using namespace reverie;

namespace {

double psnr(const Image& a, const Image& b)
{
    if (a.rgb.size() != b.rgb.size() || a.rgb.empty())
        return 0;
    double sum = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i)
        sum += std::pow(double(a.rgb[i]) - double(b.rgb[i]), 2);
    return sum == 0 ? 100 : 10 * std::log10(255. * 255. / (sum / double(a.rgb.size())));
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

SourcePicture source(const Image& image)
{
    return { .image = image, .file = "parent.png", .sha256 = std::string(64, 'a'), .drawn = true };
}

Image filled(int width, int height, std::uint8_t value)
{
    return { width, height, std::vector<std::uint8_t>(std::size_t(width) * std::size_t(height) * 3, value) };
}

/// White in its right half.
Image right_half(int side)
{
    auto mask = filled(side, side, 0);
    for (int y = 0; y < side; ++y)
        for (int x = side / 2; x < side; ++x)
            std::fill_n(mask.rgb.begin() + (y * side + x) * 3, 3, std::uint8_t(255));
    return mask;
}

Image cut(const Image& image, int left, int top, int width, int height)
{
    Image part{ width, height, {} };
    for (int y = top; y < top + height; ++y) {
        const auto row = image.rgb.begin() + (y * image.width + left) * 3;
        part.rgb.insert(part.rgb.end(), row, row + width * 3);
    }
    return part;
}

} // namespace

/// The model that ships, with few steps.
class TestRecipe : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (!std::filesystem::exists(path))
            QSKIP("resources/models/emoji.safetensors is not there.");
        m_generator = std::make_unique<PipelineGenerator>(load_pipeline(path), "", GeneratorOptions{});
        m_heart = draw(request_for("red heart")).image;
        m_cat = draw(request_for("cat face")).image;
    }

    void theMeanOfTwoPointsIsTheirSlerp()
    {
        const Embedding a{ 1, 0, 0 }, b{ 0.6F, 0.8F, 0 };
        const double omega = std::acos(0.6);
        for (const double t : { 0., 0.25, 0.5, 1. }) {
            const auto mean = spherical_mean({ a, b }, { 1 - t, t });
            for (std::size_t i = 0; i < 3; ++i)
                QVERIFY(std::abs(mean[i]
                                 - (std::sin((1 - t) * omega) * a[i] + std::sin(t * omega) * b[i])
                                     / std::sin(omega))
                        < 1e-6);
        }
    }

    void theMeanDoesNotDependOnTheOrder()
    {
        const Embedding a{ 1, 0, 0 }, b{ 0, 1, 0 }, c{ 0.6F, 0, 0.8F };
        const auto one = spherical_mean({ a, b, c }, { 1, 2, 3 });
        const auto other = spherical_mean({ c, a, b }, { 3, 1, 2 });
        QVERIFY(similarity(one, other) > 1 - 1e-9);
        QVERIFY(similarity(spherical_mean({ a, b, c }, { 1, 1, 0 }), { 1, 1, 0 }) > 1 - 1e-9);
    }

    void weightsThatMeanNothingAreRefused()
    {
        const Embedding a{ 1, 0 };
        QVERIFY(!usage_error_of([&] { spherical_mean({ a, a }, { 0, 0 }); }).empty());
        QVERIFY(!usage_error_of([&] { spherical_mean({ a, a }, { 1, -1 }); }).empty());
        QVERIFY(!usage_error_of([&] { spherical_mean({ a, a }, { 1 }); }).empty());
        QVERIFY(!usage_error_of([&] { spherical_mean({ a, { 1, 0, 0 } }, { 1, 1 }); }).empty());
    }

    void aTextDifferenceTurnsTowardsIt()
    {
        const Embedding z{ 2, 0, 0 }, from{ 0, 1, 0 }, to{ 0, 0, 1 };
        const double half = std::numbers::sqrt2 / 2;
        QCOMPARE(text_diff(z, from, to, 0), z);
        const auto whole = text_diff(z, from, to, 1), part = text_diff(z, from, to, 0.5);
        QVERIFY(std::abs(whole[0]) < 1e-6 && std::abs(whole[1] + 2 * half) < 1e-6
                && std::abs(whole[2] - 2 * half) < 1e-6);
        QVERIFY(std::abs(part[0] - 2 * half) < 1e-6 && std::abs(part[2] - 1) < 1e-6);
        QVERIFY(!usage_error_of([&] { text_diff(z, to, to, 0.5); }).empty());
    }

    void textsAndPicturesLieInOneSpace()
    {
        auto& embedder = m_generator->embedder();
        const auto texts = embedder.texts({ "red heart", "cat face" });
        const auto pictures = embedder.pictures({ m_heart, m_cat });
        for (const auto* points : { &texts, &pictures })
            for (const auto& point : *points)
                QVERIFY(std::abs(std::inner_product(point.begin(), point.end(), point.begin(), 0.) - 1)
                        < 1e-4);
        QVERIFY(similarity(texts[0], pictures[0]) > similarity(texts[0], pictures[1]));
        QVERIFY(similarity(texts[1], pictures[1]) > similarity(texts[1], pictures[0]));
        const auto imagined = embedder.imagined({ "red heart" }, 5);
        auto request = request_for("red heart");
        request.seed = 5;
        request.prior_steps.reset();
        QVERIFY(similarity(imagined[0], draw(request).image_embed) > 1 - 1e-5);
    }

    void aVariationIsDrawnFromThePicturesOwnEmbedding()
    {
        auto request = request_for("");
        request.recipe.blend = { { .text = {}, .picture = source(m_heart) } };
        const auto variation = draw(request);
        QVERIFY(similarity(variation.image_embed, m_generator->embedder().pictures({ m_heart })[0])
                > 1 - 1e-6);
        const auto now = m_generator->embedder().pictures({ variation.image, m_heart, m_cat });
        QVERIFY(similarity(now[0], now[1]) > similarity(now[0], now[2]));
        request.seed += 1;
        QVERIFY(psnr(draw(request).image, variation.image) < 40);
    }

    void aBlendGoesFromOneEndToTheOther()
    {
        auto request = request_for("heart and cat");
        request.recipe.blend
            = { { .text = "red heart" }, { .text = {}, .picture = source(m_cat), .weight = 0 } };
        QVERIFY(psnr(draw(request).image, m_heart) > 45);
        request.recipe.blend[0].weight = 0;
        request.recipe.blend[1].weight = 1;
        const auto cat = m_generator->embedder().pictures({ m_cat })[0];
        QVERIFY(similarity(draw(request).image_embed, cat) > 1 - 1e-6);
        request.recipe.blend[0].weight = 1;
        const auto between = draw(request).image_embed;
        const auto heart = draw(request_for("red heart")).image_embed;
        QVERIFY(std::abs(similarity(between, heart) - similarity(between, cat)) < 1e-4);
        QVERIFY(similarity(between, heart) > similarity(heart, cat));
    }

    void aBlendedPictureIsTheSameAloneAndInABatch()
    {
        auto request = request_for("both");
        request.recipe.blend = { { .text = "red heart" }, { .text = "cat face" } };
        request.count = 3;
        const auto all = m_generator->generate(request, {}, {}).pictures;
        request.count = 1;
        request.seed += 2;
        QVERIFY(psnr(draw(request).image, all[2].image) > 45);
    }

    void aTextDifferenceMovesThePicture()
    {
        auto request = request_for("");
        request.recipe.blend = { { .text = {}, .picture = source(m_heart) } };
        const auto still = draw(request);
        request.recipe.text_diff = TextDiff{ "red heart", "blue heart", 0 };
        QVERIFY(psnr(draw(request).image, still.image) > 45);
        request.recipe.text_diff->strength = 0.4;
        const auto moved = draw(request);
        const auto phrases = m_generator->embedder().texts({ "red heart", "blue heart" });
        const auto bluer
            = [&](const Embedding& z) { return similarity(z, phrases[1]) - similarity(z, phrases[0]); };
        QVERIFY(bluer(moved.image_embed) > bluer(still.image_embed));
        QVERIFY(psnr(moved.image, still.image) < 40);
    }

    void inpaintingKeepsWhatTheMaskLeaves()
    {
        auto request = request_for("cat face");
        request.recipe.inpaint = InpaintPicture{ source(m_heart), source(right_half(64)), 1 };
        const auto drawn = draw(request).image;
        QCOMPARE(cut(drawn, 0, 0, 32, 64), cut(m_heart, 0, 0, 32, 64));
        QVERIFY(psnr(cut(drawn, 32, 0, 32, 64), cut(m_heart, 32, 0, 32, 64)) < 30);
        request.recipe.inpaint->mask = source(filled(64, 64, 0));
        QCOMPARE(draw(request).image, m_heart);
        request.recipe.inpaint->mask = source(filled(32, 64, 0));
        QVERIFY(usage_error_of([&] { draw(request); }).find("32 x 64") != std::string::npos);
    }

    void inpaintingLeavesALargerPictureItsSizeAndPixels()
    {
        constexpr int width = 200, height = 120, rim = 150;
        Image photograph = filled(width, height, 0);
        for (std::size_t i = 0; i < photograph.rgb.size(); ++i)
            photograph.rgb[i] = std::uint8_t(i * 37 % 251);
        auto mask = filled(width, height, 0);
        const auto paint = [&](int left, int right, std::uint8_t value) {
            for (int y = 30; y < 80; ++y)
                std::fill_n(mask.rgb.begin() + (y * width + left) * 3, (right - left) * 3, value);
        };
        paint(rim, 190, 255); // beside the middle square, which ends at 160
        auto request = request_for("red heart");
        request.recipe.inpaint = InpaintPicture{ source(photograph), source(mask), 1 };
        const auto hard = draw(request);
        QCOMPARE(hard.stages.back().width, 64);
        const auto& image = hard.image;
        QCOMPARE(image.width, width);
        QCOMPARE(image.height, height);
        double from_drawn = 0;
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x)
                for (int c = 0; c < 3; ++c) {
                    const auto at = std::size_t((y * width + x) * 3 + c);
                    if (mask.rgb[at] == 0)
                        QCOMPARE(image.rgb[at], photograph.rgb[at]);
                    else // the square begins at 70, the part's end less its side, and 120 pixels become 64
                        from_drawn += std::abs(
                            image.rgb[at]
                            - hard.stages.back().rgb[((y * 64 / 120) * 64 + (x - 70) * 64 / 120) * 3 + c]);
                }
        QVERIFY2(from_drawn / (40 * 50 * 3) < 12, qPrintable(QString::number(from_drawn / (40 * 50 * 3))));

        paint(rim, rim + 1, 191); // half way from the photograph to what is drawn
        request.recipe.inpaint->mask = source(mask);
        const auto soft = draw(request).image;
        for (std::size_t at = 0; at < soft.rgb.size(); ++at)
            QVERIFY(std::abs(soft.rgb[at]
                             - (mask.rgb[at] == 191 ? 0.498 * image.rgb[at] + 0.502 * photograph.rgb[at]
                                                    : image.rgb[at]))
                    < 1.5);

        paint(20, 190, 255);
        request.recipe.inpaint->mask = source(mask);
        QVERIFY(usage_error_of([&] { draw(request); }).find("170 pixels") != std::string::npos);
        request.recipe.inpaint->mask = source(filled(width, height, 0));
        QCOMPARE(draw(request).image, photograph);
    }

    void inpaintingDrawsThinLinesOfALargePictureAnew()
    {
        const auto photograph = filled(320, 320, 90);
        auto mask = filled(320, 320, 0);
        for (int y = 0; y < 320; ++y)
            std::fill_n(mask.rgb.begin() + (y * 320 + 160) * 3, 3, std::uint8_t(255));
        auto request = request_for("red heart");
        request.recipe.inpaint = InpaintPicture{ source(photograph), source(mask), 1 };
        const auto image = draw(request).image;
        int changed = 0;
        for (int y = 0; y < 320; ++y)
            changed += image.rgb[std::size_t((y * 320 + 160) * 3)] != 90;
        QVERIFY(changed > 200);
        QCOMPARE(cut(image, 0, 0, 160, 320), cut(photograph, 0, 0, 160, 320));
    }

    void outpaintingFillsAFrameAroundThePicture()
    {
        auto request = request_for("red heart");
        request.recipe.outpaint = OutpaintPicture{
            .picture = source(m_heart), .width = 96, .height = 64, .left = 32, .top = 0, .resample_times = 1
        };
        double progress = 0;
        std::size_t finished = 0;
        const auto result = m_generator->generate(request,
                                                  [&](const GenerateUpdate& update) {
                                                      QVERIFY(update.progress >= progress);
                                                      progress = update.progress;
                                                      finished += update.finished.size();
                                                  },
                                                  {});
        QCOMPARE(progress, 1.);
        QCOMPARE(finished, 1U);
        const auto& frame = result.pictures.at(0).image;
        QVERIFY(result.pictures[0].complete);
        QCOMPARE(frame.width, 96);
        QCOMPARE(frame.height, 64);
        QCOMPARE(cut(frame, 32, 0, 64, 64), m_heart);
        QVERIFY(cut(frame, 0, 0, 32, 64) != filled(32, 64, 0));
        request.recipe.outpaint->left = 40;
        QVERIFY(!usage_error_of([&] { draw(request); }).empty());
    }

    void aStartKeepsLessOfThePictureTheStrongerItIs()
    {
        auto request = request_for("cat face");
        request.stop_after_stage = 1;
        const auto fresh = draw(request);
        const auto heart = draw(request_for("red heart")).stages[0];
        std::vector<double> kept;
        for (const double strength : { 0.1, 0.5, 1. }) {
            request.recipe.start = StartPicture{ source(m_heart), strength };
            int steps = 0;
            const auto result = m_generator->generate(
                request,
                [&](const GenerateUpdate& update) { steps = update.stage == 1 ? update.steps : steps; }, {});
            QCOMPARE(steps, int(std::lround(8 * strength)));
            kept.push_back(psnr(result.pictures[0].image, heart));
        }
        QVERIFY(kept[0] > kept[1] && kept[1] > kept[2]);
        request.recipe.start->strength = 0;
        QVERIFY(!usage_error_of([&] { draw(request); }).empty());
    }

    void aStartOfFullStrengthIsThePlainDrawing()
    {
        auto request = request_for("cat face");
        const auto plain = draw(request);
        request.recipe.start = StartPicture{ source(m_heart), 1 };
        QCOMPARE(draw(request).image, plain.image);
        request.recipe.start->strength = 0.9;
        QVERIFY(draw(request).image != plain.image);
    }

    void aStartOfHardlyAnyStrengthReturnsThePicture_data()
    {
        QTest::addColumn<QString>("sampler");
        QTest::addColumn<double>("least"); // PSNR
        QTest::newRow("ddpm, at t = 0") << "ddpm" << 40.;
        QTest::newRow("ddim, one of 100 steps") << "ddim" << 27.;
    }
    void aStartOfHardlyAnyStrengthReturnsThePicture()
    {
        QFETCH(QString, sampler);
        QFETCH(double, least);
        auto request = request_for("cat face");
        request.sampler = sampler_from_string(sampler.toStdString());
        request.steps = sampler == QLatin1String("ddpm") ? std::vector<int>() : std::vector<int>{ 100 };
        request.prior_steps = sampler == QLatin1String("ddpm") ? std::nullopt : request.prior_steps;
        request.image_embeds = { m_generator->embedder().pictures({ m_cat })[0] };
        request.recipe.start = StartPicture{ source(m_heart), 1e-6 };
        const auto drawn = draw(request);
        qInfo("PSNR to the picture: %.1f dB, to another: %.1f dB", psnr(drawn.image, m_heart),
              psnr(drawn.image, m_cat));
        QVERIFY(psnr(drawn.image, m_heart) > least);
        QVERIFY(psnr(drawn.image, m_cat) < 15);
    }

    void aGreyMaskLetsThatMuchOfTheOldPictureThrough()
    {
        auto request = request_for("cat face");
        auto mask = right_half(64);
        request.recipe.inpaint = InpaintPicture{ source(m_heart), source(mask), 1 };
        const auto hard = draw(request).image;
        constexpr int column = 32;
        for (int y = 0; y < 64; ++y)
            std::fill_n(mask.rgb.begin() + (y * 64 + column) * 3, 3, std::uint8_t(191)); // 0.749: half way
        request.recipe.inpaint->mask = source(mask);
        const auto soft = draw(request).image;
        for (int y = 0; y < 64; ++y)
            for (int x = 0; x < 64; ++x)
                for (int c = 0; c < 3; ++c) {
                    const auto at = std::size_t((y * 64 + x) * 3 + c);
                    if (x != column)
                        QCOMPARE(soft.rgb[at], hard.rgb[at]);
                    else
                        QVERIFY(std::abs(soft.rgb[at] - (0.498 * hard.rgb[at] + 0.502 * m_heart.rgb[at]))
                                < 1.5);
                }
    }

    void laterStagesAreDrawnAnewFromASeedOfTheirOwn()
    {
        auto request = request_for("cat face");
        const auto whole = draw(request);
        request.recipe.later = LaterStages{ 2, 77 };
        const auto anew = draw(request);
        QCOMPARE(anew.stages[0], whole.stages[0]);
        QVERIFY(psnr(anew.image, whole.image) < 40);
        QCOMPARE(recipe_from_record(request).later->seed, std::uint64_t(77));
        auto kept = request_for("cat face"); // the first stage given as a picture
        kept.seed = 77;
        kept.kept = { { 1, whole.stages[0] } };
        kept.image_embeds = { whole.image_embed };
        QVERIFY(psnr(draw(kept).image, anew.image) > 30);
        request.recipe.later->cond_scale = 3;
        const auto guided = draw(request);
        QCOMPARE(guided.stages[0], whole.stages[0]);
        QCOMPARE(recipe_from_record(request).later->cond_scale, std::optional(3.));
        for (const int from : { 1, 3 }) {
            request.recipe.later->from = from;
            QVERIFY(!usage_error_of([&] { draw(request); }).empty());
        }
    }

    void everySamplerCanStartFromAPicture_data()
    {
        QTest::addColumn<QString>("sampler");
        QTest::newRow("ddim") << "ddim";
        QTest::newRow("dpmpp") << "dpmpp";
    }
    void everySamplerCanStartFromAPicture()
    {
        QFETCH(QString, sampler);
        auto request = request_for("cat face");
        request.sampler = sampler_from_string(sampler.toStdString());
        request.stop_after_stage = 1;
        request.recipe.start = StartPicture{ source(m_heart), 0.1 };
        const auto drawn = m_generator->embedder().pictures({ draw(request).image, m_heart, m_cat });
        QVERIFY(similarity(drawn[0], drawn[1]) > similarity(drawn[0], drawn[2]));
    }

    void guidanceLeadsAwayFromTheNegative()
    {
        auto pipeline = load_pipeline(path);
        torch::NoGradGuard no_grad;
        torch::manual_seed(3);
        auto unet = pipeline.decoder->unet(1);
        const auto x = torch::randn({ 2, 3, 16, 16 });
        const auto t = torch::tensor({ 500, 20 });
        UnetCondition wanted, away;
        wanted.image_embed = torch::randn({ 2, 128 });
        away.image_embed = torch::randn({ 2, 128 });
        const auto positive = unet->forward(x, t, wanted), negative = unet->forward(x, t, away);
        const auto guided = unet->forward_with_cond_scale(x, t, wanted, 2.5, &away);
        QVERIFY(guided.allclose(negative + (positive - negative) * 2.5, 1e-3, 1e-4));
    }

    void aNegativePromptChangesAPictureOnlyThroughGuidance()
    {
        auto request = request_for("cat face");
        request.cond_scale = 1;
        const auto unguided = draw(request);
        request.recipe.negative = "red heart";
        QString warning;
        const auto plain = m_generator->generate(
            request, [&](const GenerateUpdate& update) { warning += QString::fromStdString(update.warning); },
            {});
        QVERIFY(psnr(plain.pictures[0].image, unguided.image) > 45);
        QVERIFY(warning.contains(QStringLiteral("guidance")));
        request.cond_scale = 2;
        const auto with = draw(request);
        request.recipe.negative.clear();
        const auto without = draw(request);
        QVERIFY(psnr(with.image, without.image) < 40);
        QCOMPARE(with.image_embed, without.image_embed); // the prior was not guided
        request.recipe.negative = "red heart";
        request.prior_cond_scale = 2;
        QVERIFY(similarity(draw(request).image_embed, without.image_embed) < 0.9999);
    }

    void aLaterStageIsDrawnAgainWithAnotherSeedOrScale()
    {
        auto request = request_for("cat face");
        const auto whole = draw(request);
        request.kept = { { 1, whole.stages[0] } };
        const auto again = draw(request);
        QVERIFY(psnr(again.image, whole.image) > 30);
        QCOMPARE(again.stages[0], whole.stages[0]);
        request.seed = 99;
        const auto other = draw(request);
        QVERIFY(other.image != again.image);
        QCOMPARE(other.stages[0], whole.stages[0]);
    }

    void halfPrecisionDrawsNearlyTheSame()
    {
        PipelineGenerator half(load_pipeline(path), "", { .dtype = "bf16" });
        const auto result = half.generate(request_for("red heart"), {}, {});
        QCOMPARE(result.settings.dtype, std::string("bf16"));
        QVERIFY2(psnr(result.pictures[0].image, m_heart) > 20,
                 qPrintable(QString::number(psnr(result.pictures[0].image, m_heart))));
        QVERIFY(result.pictures[0].image != m_heart);
        if (!torch::cuda::is_available())
            QVERIFY(!usage_error_of([&] {
                         PipelineGenerator(load_pipeline(path), "", { .dtype = "f16" });
                     }).empty());
    }

    void aPictureRemembersItsRecipe()
    {
        auto request = request_for("red heart");
        request.recipe.negative = "cat, face";
        request.recipe.blend = { { .text = "red heart", .picture = {}, .weight = 0.25 },
                                 { .text = {}, .picture = source(m_cat), .weight = 2 } };
        request.recipe.text_diff = TextDiff{ "day", "night", 0.4 };
        request.recipe.inpaint = InpaintPicture{ source(m_heart), source(right_half(64)), 3 };
        const auto drawn = draw(request);
        const auto making = making_of(drawn, drawn.image, ResolvedSettings{ .sampler = Sampler::Ddim },
                                      request.recipe, "1");
        QCOMPARE(making.kind, std::string("inpainting"));
        QCOMPARE(making.parents.size(), 3U);
        QVERIFY(a1111_parameters(making).find("\nNegative prompt: cat, face\n") != std::string::npos);
        const auto read = making_from_json(to_json(making), "test");
        const auto& recipe = read.recipe;
        QCOMPARE(recipe.negative, request.recipe.negative);
        QCOMPARE(recipe.blend.size(), 2U);
        QCOMPARE(recipe.blend[0].text, std::string("red heart"));
        QCOMPARE(recipe.blend[0].weight, 0.25);
        QCOMPARE(recipe.blend[1].picture->sha256, std::string(64, 'a'));
        QVERIFY(recipe.blend[1].picture->image.empty());
        QCOMPARE(recipe.text_diff->to, std::string("night"));
        QCOMPARE(recipe.inpaint->mask.file, std::string("parent.png"));
        QCOMPARE(recipe.inpaint->resample_times, 3);
        QCOMPARE(request_from(read).recipe.text_diff->strength, 0.4);
    }

private:
    static GenerateRequest request_for(const std::string& prompt)
    {
        GenerateRequest request;
        request.prompts = { prompt };
        request.seed = 11;
        request.prior_steps = 8;
        request.steps = { 8, 4 };
        request.preview_every = 0;
        return request;
    }

    /// As it stands in the metadata of a picture.
    static Recipe recipe_from_record(const GenerateRequest& request)
    {
        return making_from_json(to_json(making_of({}, filled(1, 1, 0), {}, request.recipe, "1")), "it")
            .recipe;
    }

    Picture draw(const GenerateRequest& request)
    {
        return m_generator->generate(request, {}, {}).pictures.at(0);
    }

    const std::filesystem::path path
        = std::filesystem::path(REVERIE_TEST_DATA) / "../../resources/models/emoji.safetensors";
    std::unique_ptr<PipelineGenerator> m_generator;
    Image m_heart, m_cat;
};

QTEST_GUILESS_MAIN(TestRecipe)
#include "tst_recipe.moc"
