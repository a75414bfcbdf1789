// SPDX-License-Identifier: MIT
#include "core/io/pipeline.h"
#include "core/io/state_dict.h"
#include "core/models/x_clip.h"
#include "core/nn/resize.h"
#include "tests/base/error_of.h"
#include "tests/models/tiny_decoder.h"

#include <torch/torch.h>

#include <QTest>

#include <functional>
#include <map>

using namespace reverie;

namespace {

XClipOptions tiny_clip_options()
{
    XClipOptions options;
    options.dim_text = options.dim_image = options.dim_latent = 6;
    options.num_text_tokens = 20;
    options.text_seq_len = 4;
    options.text_enc_depth = options.visual_enc_depth = 1;
    options.text_heads = options.visual_heads = 2;
    options.text_dim_head = options.visual_dim_head = 4;
    options.visual_image_size = 8;
    options.visual_patch_size = 4;
    return options;
}

std::shared_ptr<Clip> tiny_clip()
{
    return shaken(XClip(tiny_clip_options())).ptr();
}

/// What building a decoder of two stages says, after a change to its options and to those of its first U-Net.
QString refusal(const std::function<void(DecoderOptions&, UnetOptions&)>& change,
                const std::shared_ptr<Clip>& clip = nullptr)
{
    auto options = tiny_options({ 8, 16 }, 100);
    std::vector<UnetOptions> unets{ tiny_unet(), tiny_unet() };
    change(options, unets[0]);
    return errorOf([&] { Decoder(options, unets, clip); });
}

Tensor drawn(Decoder& decoder, std::int64_t batch, const DecoderSampling& sampling = {})
{
    auto noise = noise_of(9, batch);
    return decoder->sample(batch, tiny_condition(batch), sampling, noise);
}

} // namespace

class TestDecoder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatCantBeBuiltIsRefused_data()
    {
        using Change = std::function<void(DecoderOptions&, UnetOptions&)>;
        QTest::addColumn<Change>("change");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, const Change& change, const char* words) {
            QTest::newRow(name) << change << QString::fromLatin1(words);
        };
        row(
            "stages out of order",
            [](auto& o, auto&) {
                o.image_sizes = { 16, 8 };
            },
            "stage 2 has a side of 8 after one of 16");
        row(
            "too few stages", [](auto& o, auto&) { o.image_sizes = { 16 }; }, "gives 1 sizes for 2 U-Nets");
        row(
            "no size", [](auto& o, auto&) { o.image_sizes = {}; }, "gives 0 sizes for 2 U-Nets");
        row(
            "both sizes", [](auto& o, auto&) { o.image_size = 16; }, "image_size (16) and image_sizes (of 8");
        row(
            "first stage on a low resolution", [](auto&, auto& unet) { unet.lowres_cond = true; },
            "lowres_cond is true in the first U-Net");
        row(
            "crop larger than the picture",
            [](auto& o, auto&) {
                o.random_crop_sizes = PerStage<std::optional<std::int64_t>>{ std::nullopt, 20 };
            },
            "crops of 20 from the pictures of stage 2, which have a side of 16");
        row(
            "crop of the first stage",
            [](auto& o, auto&) { o.random_crop_sizes = std::optional<std::int64_t>(4); },
            "crops of 4 in the first stage");
        row(
            "linear schedule too short",
            [](auto& o, auto&) {
                o.timesteps = 20;
                o.beta_schedule = std::optional<std::string>();
            },
            "a linear schedule of 20 timesteps, which stage 2 has, is not finite");
        row(
            "jsd with predicted noise",
            [](auto& o, auto&) { o.beta_schedule = std::optional<std::string>("jsd"); },
            "the jsd schedule ends in pure noise, in which stage 1 can't predict noise");
        row(
            "more steps than trained",
            [](auto& o, auto&) { o.sample_timesteps = std::optional<std::int64_t>(101); },
            "sampled in 101 steps, but trained on 100");
        row(
            "a list of the wrong length",
            [](auto& o, auto&) {
                o.predict_v = PerStage<bool>{ true, true, true };
            },
            "predict_v lists 3 values for 2 U-Nets");
        row(
            "too many autoencoders",
            [](auto& o, auto&) {
                o.vaes = { {}, {}, tiny_vae() };
            },
            "vaes lists 3 autoencoders for 2 U-Nets");
        row(
            "an autoencoder of other channels",
            [](auto& o, auto&) {
                o.vaes = { tiny_vae() };
                o.vaes[0]->channels = 1;
            },
            "have 3 channels, those of the VQGAN-VAE of stage 1 1");
        row(
            "an autoencoder that shrinks too much",
            [](auto& o, auto&) {
                o.vaes = { tiny_vae(16) };
                o.vaes[0]->layers = 4;
            },
            "shrinks 16 times, which does not divide its side of 8");
        row(
            "a side that can't be halved",
            [](auto& o, auto& unet) {
                o.image_sizes = { 9, 16 };
                unet.dim_mults = { 1, 2 };
            },
            "takes sides that are multiples of 2, not 9");
        row(
            "an unknown way to shrink", [](auto& o, auto&) { o.downsample = "cubic"; }, "not cubic");
    }

    void whatCantBeBuiltIsRefused()
    {
        using Change = std::function<void(DecoderOptions&, UnetOptions&)>;
        QFETCH(Change, change);
        QFETCH(QString, words);
        const auto text = refusal(change);
        QVERIFY2(text.contains(words), qPrintable(text));
        QVERIFY(text.endsWith(QLatin1Char('.')));
    }

    void twentyOneStepsAreTheShortestLinearSchedule()
    {
        QCOMPARE(refusal([](auto& o, auto&) {
                     o.timesteps = 21;
                     o.beta_schedule = std::optional<std::string>();
                 }),
                 QString());
    }

    void embeddingsMustMeetThoseOfClip()
    {
        const auto clip = tiny_clip();
        QCOMPARE(refusal([](auto&, auto&) {}, clip), QString());
        QVERIFY(refusal([](auto&, auto& unet) { unet.image_embed_dim = 7; }, clip)
                    .contains(QLatin1String("embeddings of 7 numbers, but CLIP's have 6")));
        QVERIFY(refusal([](auto& o, auto&) { o.channels = 1; }, clip)
                    .contains(QLatin1String("have 1 channels, CLIP's 3")));
    }

    void embeddingsMustMeetThoseOfThePipeline()
    {
        PipelineConfig config;
        config.clip = tiny_clip_options();
        config.net = PriorNetworkOptions{};
        config.net->dim = 6;
        config.net->depth = config.net->heads = 1;
        config.net->max_text_len = 2;
        config.prior = DiffusionPriorOptions{};
        config.prior->timesteps = 10;
        config.decoder = tiny_options({ 8 });
        config.unets = { tiny_unet() };
        QCOMPARE(errorOf([&] { build_pipeline(config); }), QString());
        config.unets[0].cond_on_text_encodings = true;
        config.unets[0].text_embed_dim = 9;
        QVERIFY(errorOf([&] {
                    build_pipeline(config);
                }).contains(QLatin1String("encodings of 9 numbers, but CLIP's have 6")));
        config.clip.reset();
        config.net->dim = 4;
        QVERIFY(errorOf([&] {
                    build_pipeline(config);
                }).contains(QLatin1String("embeddings of 6 numbers, but the prior draws 4")));
    }

    void anUnconditionalDecoderNeedsNoEmbeddings()
    {
        auto options = tiny_options({ 8 });
        options.unconditional = true;
        auto unet = tiny_unet();
        unet.image_embed_dim = std::nullopt;
        auto decoder = shaken(Decoder(options, std::vector<UnetOptions>{ unet }));
        auto noise = noise_of(1, 3);
        QVERIFY(decoder->loss(pictures(3, 8), 1, {}, noise).loss.isfinite().item<bool>());
        const auto image = decoder->sample(3, {}, {}, noise);
        QCOMPARE(image.sizes().vec(), (std::vector<std::int64_t>{ 3, 3, 8, 8 }));
    }

    void onlyListedStagesLearnTheirVariance()
    {
        auto options = tiny_options({ 8, 16 });
        const auto outputs = [&](std::int64_t number) {
            return *tiny_decoder(options)->unet(number)->options().channels_out;
        };
        QCOMPARE(outputs(1), std::int64_t(6));
        QCOMPARE(outputs(2), std::int64_t(3));
        options.learned_variance = PerStage<bool>(true); // as in the reference: the first only
        QCOMPARE(outputs(2), std::int64_t(3));
        options.learned_variance = PerStage<bool>{ false, true };
        QCOMPARE(outputs(1), std::int64_t(3));
        QCOMPARE(outputs(2), std::int64_t(6));
    }

    void laterStagesHaveOptionsOfTheirOwn()
    {
        auto options = tiny_options({ 8, 12, 16 });
        options.use_noise_for_lowres_cond = PerStage<bool>{ false, true };
        options.use_blur_for_lowres_cond = PerStage<bool>{ true, false };
        options.p2_loss_weight_gamma = PerStage<double>{ 0., 0.5, 1. };
        options.sample_timesteps = PerStage<std::optional<std::int64_t>>{ std::nullopt, 3, 2 };
        auto decoder = tiny_decoder(options);
        const auto names = state_dict(*decoder);
        QVERIFY(!names.contains("lowres_conds.1.noise_scheduler.betas"));
        QVERIFY(names.contains("lowres_conds.2.noise_scheduler.betas"));
        QVERIFY(decoder->unet(3)->options().lowres_noise_cond
                && !decoder->unet(2)->options().lowres_noise_cond);
        QVERIFY(names.at("noise_schedulers.0.p2_loss_weight").equal(torch::ones({ 6 })));
        QVERIFY(names.at("noise_schedulers.1.p2_loss_weight")
                    .square()
                    .allclose(names.at("noise_schedulers.2.p2_loss_weight")));
        std::map<std::int64_t, std::int64_t> steps;
        DecoderSampling sampling;
        sampling.on_step
            = [&](std::int64_t stage, std::int64_t, std::int64_t, const Tensor&) { ++steps[stage]; };
        QCOMPARE(drawn(decoder, 1, sampling).size(-1), std::int64_t(16));
        QCOMPARE(steps, (std::map<std::int64_t, std::int64_t>{ { 1, 6 }, { 2, 3 }, { 3, 2 } }));
    }

    void aStageCanGoOnFromAPicture()
    {
        auto decoder = tiny_decoder(tiny_options({ 8, 16, 32 }));
        DecoderSampling sampling;
        sampling.start_at_unet_number = sampling.stop_at_unet_number = 2;
        sampling.image = pictures(2, 8);
        const auto image = drawn(decoder, 2, sampling);
        QCOMPARE(image.size(-1), std::int64_t(16));
        sampling.image = sampling.image.repeat_interleave(2, 2).repeat_interleave(2, 3); // shrunk again
        QVERIFY(drawn(decoder, 2, sampling).equal(image));
        sampling.image = 1 - sampling.image;
        QVERIFY(!drawn(decoder, 2, sampling).equal(image));
    }

    void startsAndStopsThatMakeNoSenseAreRefused()
    {
        auto decoder = tiny_decoder(tiny_options({ 8, 16 }));
        const auto refused = [&](std::int64_t start, std::int64_t stop, const Tensor& image) {
            DecoderSampling sampling;
            sampling.start_at_unet_number = start;
            sampling.stop_at_unet_number = stop;
            sampling.image = image;
            return errorOf([&] { drawn(decoder, 2, sampling); });
        };
        QVERIFY(refused(3, 0, pictures(2, 8)).contains(QLatin1String("can't start at 3")));
        QVERIFY(refused(2, 1, pictures(2, 8)).contains(QLatin1String("start at 2 and stop at 1")));
        QVERIFY(refused(2, 0, {}).contains(QLatin1String("needs the picture")));
        QVERIFY(refused(2, 0, pictures(3, 8)).contains(QLatin1String("2 pictures")));
    }

    void picturesLargerThanClipsTrainIt()
    {
        const auto clip = tiny_clip();
        auto decoder = shaken(Decoder(tiny_options({ 16 }), std::vector<UnetOptions>{ tiny_unet() }, clip));
        const auto image = pictures(2, 24); // CLIP sees 8 x 8, the U-Net 16 x 16
        auto noise = noise_of(1, 2), again = noise_of(1, 2);
        const auto loss = decoder->loss(image, 1, {}, noise).loss;
        const auto embed = clip->embed_image(image).image_embed;
        const auto expected = decoder->loss(resize_nearest(image, 16), 1, { embed, {} }, again).loss;
        QVERIFY(loss.equal(expected));
        QVERIFY(errorOf([&] {
                    decoder->loss(pictures(2, 12), 1, {}, noise);
                }).contains(QLatin1String("at least 16 pixels a side; one given has 12")));
    }

    /// The bound compares the true reverse step with the model's, so a perfect estimate leaves nothing of it
    /// but what the variance is off.
    void theVariationalBoundReadsThePredictionAsWhatItIs()
    {
        torch::manual_seed(1);
        DecoderStage stage;
        auto options = std::make_shared<DecoderOptions>();
        stage.options = options;
        stage.schedule = NoiseSchedule(NoiseScheduleOptions{ .timesteps = 50 });
        stage.predict_v = true;
        const auto x = pictures(2, 4) * 2 - 1, epsilon = torch::randn_like(x);
        const auto t = torch::tensor({ 20, 30 });
        const auto x_t = stage.schedule->q_sample(x, t, epsilon);
        const auto fraction = -torch::ones_like(x); // the lower bound, which is the truth
        const auto v = stage.target(x, t, epsilon);
        QVERIFY(stage.variational_bound(x, x_t, t, v, fraction).abs().item<double>() < 1e-5);
        options->vb_of_noise = true; // the reference's reading
        QVERIFY(stage.variational_bound(x, x_t, t, v, fraction).item<double>() > 1e-3);
    }

    void certainVariancesKeepTheirGradientsFinite()
    {
        DecoderStage stage;
        stage.options = std::make_shared<DecoderOptions>();
        stage.schedule = NoiseSchedule(NoiseScheduleOptions{ .timesteps = 50 });
        const auto x = pictures(1, 4) * 2 - 1, epsilon = torch::randn_like(x);
        const auto t = torch::tensor({ 0 });
        const auto fraction = torch::full_like(x, -9.).requires_grad_();
        const auto x_t = stage.schedule->q_sample(x, t, epsilon);
        stage.variational_bound(x, x_t, t, epsilon, fraction).backward();
        QVERIFY(fraction.grad().isfinite().all().item<bool>());
    }
};

QTEST_APPLESS_MAIN(TestDecoder)
#include "tst_decoder.moc"
