// SPDX-License-Identifier: MIT
#include "core/models/x_clip.h"
#include "core/nn/augmentation.h"
#include "tests/base/error_of.h"

#include <torch/torch.h>

#include <QTest>

#include <cmath>

using namespace reverie;

namespace {

using Values = std::vector<std::string>; ///< that a message names

XClipOptions tiny()
{
    XClipOptions options;
    options.dim_text = options.dim_image = options.dim_latent = 12;
    options.num_text_tokens = 40;
    options.text_seq_len = 6;
    options.text_enc_depth = options.visual_enc_depth = 2;
    options.text_heads = options.visual_heads = 2;
    options.text_dim_head = options.visual_dim_head = 8;
    options.visual_image_size = 16;
    options.visual_patch_size = 8;
    options.visual_patch_dropout = 0;
    options.visual_ssl_projection_size = 6;
    options.visual_ssl_projection_hidden_size = 10;
    return options;
}

XClip built(const XClipOptions& options, bool training = true)
{
    torch::manual_seed(3);
    XClip clip(options);
    clip->train(training);
    return clip;
}

Tensor texts()
{
    return torch::tensor({ { 5, 8, 13, 9, 0, 0 }, { 7, 9, 0, 0, 0, 0 }, { 30, 21, 4, 6, 9, 0 } },
                         torch::kInt64);
}

Tensor pictures(std::int64_t batch = 3, std::int64_t channels = 3)
{
    torch::manual_seed(4);
    return torch::rand({ batch, channels, 16, 16 });
}

double loss_of(XClip& clip, const Tensor& text, const Tensor& image, const XClipExtras& extras = {})
{
    torch::NoGradGuard no_grad;
    KeyedNoise noise({ 1, 2, 3 });
    return clip->loss(text, image, noise, extras).item<double>();
}

AugmentationOptions unchanged()
{
    return { .crop_scale_min = 1,
             .crop_ratio_max = 1,
             .flip_prob = 0,
             .jitter_prob = 0,
             .grayscale_prob = 0,
             .blur_prob = 0 };
}

} // namespace

class TestClip : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void causalTextSeesOnlyWhatCameBefore_data()
    {
        QTest::addColumn<bool>("rotary");
        QTest::newRow("learned positions") << false;
        QTest::newRow("rotary positions") << true;
    }
    void causalTextSeesOnlyWhatCameBefore()
    {
        QFETCH(const bool, rotary);
        torch::NoGradGuard no_grad;
        auto options = tiny();
        options.text_causal_mask = true;
        options.text_eos_id = 9;
        options.text_rotary_pos_emb = rotary;
        auto clip = built(options, /*training=*/false);
        const auto text = texts().slice(0, 0, 1); // ends at position 3
        auto other = text.clone();
        other[0][2] = 20;
        const auto a = clip->embed_text(text), b = clip->embed_text(other);
        QCOMPARE(a.text_encodings.sizes(), (at::IntArrayRef{ 1, 6, 12 }));
        QVERIFY(torch::equal(a.text_encodings.slice(1, 0, 2), b.text_encodings.slice(1, 0, 2)));
        QVERIFY(!torch::allclose(a.text_encodings.slice(1, 2, 4), b.text_encodings.slice(1, 2, 4)));
        QVERIFY(!torch::allclose(a.text_embed, b.text_embed));
        other = text.clone();
        other[0][4] = 20; // after the end
        QVERIFY(torch::equal(a.text_embed, clip->embed_text(other).text_embed));
    }

    void theEndTokenStandsFirstAmongCausalEncodings()
    {
        torch::NoGradGuard no_grad;
        auto options = tiny();
        options.text_causal_mask = true;
        options.text_eos_id = 9;
        auto clip = built(options, /*training=*/false);
        const auto in_order = clip->embed_text(texts()).text_encodings; // the same, where there is no padding
        const auto end_first = clip->encode_text(texts(), texts() != 0);
        QVERIFY(torch::allclose(end_first[0][0], in_order[0][3], 1e-4, 1e-5));
        QVERIFY(torch::allclose(end_first[0].slice(0, 1, 4), in_order[0].slice(0, 0, 3), 1e-4, 1e-5));
        QVERIFY(torch::allclose(end_first[1][0], in_order[1][1], 1e-4, 1e-5));
    }

    void causalTextLearnsTokenByToken()
    {
        auto options = tiny();
        options.text_causal_mask = true;
        options.text_eos_id = 9;
        options.use_all_token_embeds = options.use_mlm = true;
        auto clip = built(options);
        KeyedNoise noise({ 1, 2, 3 });
        const auto loss = clip->loss(texts(), pictures(), noise);
        loss.backward();
        QVERIFY(std::isfinite(loss.item<double>()));
        const auto no_end
            = errorOf([&] { clip->loss(texts().masked_fill(texts() == 9, 8), pictures(), noise); });
        QVERIFY2(no_end.contains(QStringLiteral("no end token, which is 9")), qPrintable(no_end));
    }

    void maskingHidesTheStatedShareAndNeverPadding()
    {
        torch::manual_seed(8);
        const std::int64_t width = 20;
        for (const double share : { 0.1, 0.15, 0.5, 1. })
            for (std::int64_t length = 1; length <= width; ++length) {
                const auto maskable = (torch::arange(width) < length).expand({ 4, width });
                const auto chosen = masked_subset(maskable, share, torch::rand({ 4, width }));
                QVERIFY(!chosen.logical_and(maskable.logical_not()).any().item<bool>());
                const auto wanted = std::int64_t(std::ceil(float(length) * float(share)));
                QCOMPARE(chosen.sum(-1).min().item<std::int64_t>(), wanted);
                QCOMPARE(chosen.sum(-1).max().item<std::int64_t>(), wanted);
            }
    }

    void theTokensWithTheLargestDrawsAreMasked()
    {
        const auto draws = torch::tensor({ { 0.1, 0.9, 0.3, 0.8, 0.99 } });
        const auto maskable = torch::tensor({ { true, true, true, true, false } });
        const auto chosen = masked_subset(maskable, 0.5, draws);
        QVERIFY(torch::equal(chosen, torch::tensor({ { false, true, false, true, false } })));
    }

    void simclrsLossIsThatOfThePaper()
    {
        torch::manual_seed(9);
        const std::int64_t n = 4;
        const double temperature = 0.3;
        const auto queries = torch::randn({ n, 5 }, torch::kFloat64),
                   keys = torch::randn({ n, 5 }, torch::kFloat64);
        const auto rows = torch::cat({ queries, keys });
        double sum = 0;
        for (std::int64_t i = 0; i < 2 * n; ++i) {
            double all = 0;
            const auto weight
                = [&](std::int64_t k) { return std::exp(rows[i].dot(rows[k]).item<double>() / temperature); };
            for (std::int64_t k = 0; k < 2 * n; ++k)
                all += k == i ? 0 : weight(k);
            sum -= std::log(weight((i + n) % (2 * n)) / all);
        }
        const auto loss = nt_xent_loss(queries, keys, temperature).item<double>();
        QVERIFY(std::abs(loss - sum / double(2 * n)) < 1e-10);
    }

    void selfSupervisionTrainsTheTowerThatIsSavedUnderItsOtherNames_data()
    {
        QTest::addColumn<std::string>("type");
        QTest::addColumn<std::string>("alias");
        QTest::addColumn<int>("layer");
        QTest::newRow("simsiam") << std::string("simsiam") << std::string("visual_ssl.online_encoder.net.")
                                 << -1;
        QTest::newRow("simsiam on the transformer")
            << std::string("simsiam") << std::string("visual_ssl.net.") << -2;
        QTest::newRow("simclr") << std::string("simclr") << std::string("visual_ssl.net.net.") << -1;
    }
    void selfSupervisionTrainsTheTowerThatIsSavedUnderItsOtherNames()
    {
        QFETCH(const std::string, type);
        QFETCH(const std::string, alias);
        QFETCH(const int, layer);
        auto options = tiny();
        options.use_visual_ssl = true;
        options.visual_ssl_type = type;
        options.visual_ssl_hidden_layer = layer;
        options.image_ssl_loss_weight = 0.5;
        auto clip = built(options);
        const auto names = clip->named_parameters();
        const std::string part = "transformer.layers.0.0.fn.to_qkv.weight";
        const auto& weight = names["visual_transformer." + part];
        QVERIFY(names[alias + part].is_same(weight));
        KeyedNoise noise({ 1, 2, 3 }), again({ 1, 2, 3 });
        auto loss = clip->loss(texts(), pictures(), noise);
        QVERIFY(std::isfinite(loss.item<double>()));
        loss.backward();
        QVERIFY(weight.grad().abs().sum().item<double>() > 0);
        QCOMPARE(clip->loss(texts(), pictures(), again).item<float>(), loss.item<float>()); // the same views
    }

    void furtherViewsWeighTheirShare()
    {
        auto options = tiny();
        options.multiview_loss_weight = 0.3;
        auto clip = built(options);
        const auto text = texts(), other = texts().flip(0);
        const auto image = pictures(), mirrored = pictures().flip(3);
        const auto plain = loss_of(clip, text, image);
        const auto with_views
            = loss_of(clip, text, image, { .aug_text = { other }, .aug_image = { mirrored } });
        const auto others
            = (loss_of(clip, text, mirrored) + loss_of(clip, other, image) + loss_of(clip, other, mirrored))
            / 3;
        QVERIFY(std::abs(with_views - (0.7 * plain + 0.3 * others)) < 1e-5);
        const auto wrong
            = errorOf([&] { loss_of(clip, text, image, { .aug_text = { other.slice(0, 1) } }); });
        QVERIFY2(wrong.contains(QStringLiteral("[2, 6]")) && wrong.contains(QStringLiteral("[3, 6]")),
                 qPrintable(wrong));
    }

    void aHighTemperatureDoesNotOverflow()
    {
        for (const bool decoupled : { false, true }) {
            auto options = tiny();
            options.decoupled_contrastive_learning = decoupled;
            auto clip = built(options);
            clip->set_temperature(std::log(1000.));
            KeyedNoise noise({ 1, 2, 3 });
            const auto loss = clip->loss(texts(), pictures(), noise);
            loss.backward();
            QVERIFY(std::isfinite(loss.item<double>()));
            QVERIFY(clip->named_parameters()["to_text_latent.weight"].grad().isfinite().all().item<bool>());
        }
    }

    void similarityRegularisationNeedsNoExtraProjections()
    {
        torch::NoGradGuard no_grad;
        auto options = tiny();
        auto clip = built(options);
        const auto plain = loss_of(clip, texts(), pictures());
        options.sim_reg_loss_weight = 2;
        auto regularised = built(options);
        const auto latents = clip->latents(texts(), pictures());
        double sum = 0;
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j)
                sum += i == j ? 0
                              : std::pow(latents.text[i].dot(latents.text[j]).item<double>()
                                             - latents.image[i].dot(latents.image[j]).item<double>(),
                                         2);
        QVERIFY(std::abs(loss_of(regularised, texts(), pictures()) - (plain + 2 * sum / 6)) < 1e-5);
    }

    void aFrozenTowerLearnsNothingFromThePairs()
    {
        auto clip = built(tiny());
        KeyedNoise noise({ 1, 2, 3 });
        clip->loss(texts(), pictures(), noise, { .freeze_image_encoder = true }).backward();
        const auto parameters = clip->named_parameters();
        QVERIFY(!parameters["visual_transformer.pos_emb.weight"].grad().defined());
        QVERIFY(parameters["to_visual_latent.weight"].grad().defined());
        QVERIFY(parameters["text_transformer.cls_token"].grad().defined());
    }

    void aCheckpointedTowerLearnsTheSame()
    {
        auto options = tiny();
        auto kept = built(options);
        options.checkpoint_during_training = true;
        auto recomputed = built(options);
        const auto gradients = [](XClip& clip) {
            std::vector<Tensor> all;
            for (const auto& parameter : clip->parameters())
                if (parameter.requires_grad())
                    all.push_back(parameter);
            KeyedNoise noise({ 1, 2, 3 });
            return torch::autograd::grad({ clip->loss(texts(), pictures(), noise) }, all, {}, false, false,
                                         /*allow_unused=*/true);
        };
        const auto a = gradients(kept), b = gradients(recomputed);
        QCOMPARE(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
            QCOMPARE(a[i].defined(), b[i].defined());
            QVERIFY(!a[i].defined() || torch::allclose(a[i], b[i], 1e-5, 1e-7));
        }
    }

    void downsampledPicturesStillHaveAnEmbedding()
    {
        torch::NoGradGuard no_grad;
        auto options = tiny();
        options.visual_image_size = 32;
        options.use_all_token_embeds = options.downsample_image_embeds = true;
        auto clip = built(options, /*training=*/false);
        const auto image = torch::rand({ 3, 3, 32, 32 });
        QCOMPARE(clip->latents(texts(), image).image.sizes(), (at::IntArrayRef{ 3, 4, 12 })); // of 16 patches
        const auto embed = clip->embed_image(image).image_embed;
        QVERIFY(torch::allclose(embed.norm(2, -1), torch::ones({ 3 })));
    }

    void aViewIsAPictureAgain_data()
    {
        QTest::addColumn<int>("channels");
        for (const int channels : { 1, 3, 4 })
            QTest::addRow("%d", channels) << channels;
    }
    void aViewIsAPictureAgain()
    {
        QFETCH(const int, channels);
        const auto batch = pictures(3, channels);
        KeyedNoise noise({ 11, 12, 13 }), alone({ 12 });
        const AugmentationOptions often{ .jitter_prob = 0.8, .grayscale_prob = 0.4, .blur_prob = 0.5 };
        const auto views = augment(batch, noise, often);
        QCOMPARE(views.sizes(), batch.sizes());
        QVERIFY(views.min().item<double>() >= 0 && views.max().item<double>() <= 1);
        QVERIFY(!torch::allclose(views, batch));
        QVERIFY(torch::allclose(augment(batch.slice(0, 1, 2), alone, often), views.slice(0, 1, 2)));
    }

    void everyAugmentationDoesWhatItSays()
    {
        const auto batch = pictures();
        const auto view = [&](const AugmentationOptions& options) {
            KeyedNoise noise({ 1, 2, 3 });
            return augment(batch, noise, options);
        };
        auto options = unchanged();
        QVERIFY(torch::allclose(view(options), batch, 1e-4, 1e-5));
        options.flip_prob = 1;
        QVERIFY(torch::allclose(view(options), batch.flip(3), 1e-4, 1e-5));

        options = unchanged();
        options.grayscale_prob = 1;
        const auto gray = view(options);
        QVERIFY(torch::allclose(gray.select(1, 0), gray.select(1, 2)));

        options = unchanged();
        options.blur_prob = 1;
        const auto blurred = view(options);
        QVERIFY(blurred.std().item<double>() < 0.7 * batch.std().item<double>());
        QVERIFY(std::abs(blurred.mean().item<double>() - batch.mean().item<double>()) < 0.02);

        options = unchanged();
        options.jitter_prob = 1;
        options.brightness = options.contrast = options.saturation = 0;
        options.hue = 0.5;
        const auto sum = [](const Tensor& x) { return x.sum(1); }; // a turned hue keeps it, but for clamping
        const auto turned = view(options);
        QVERIFY(!torch::allclose(turned, batch, 0.1, 0.1));
        QVERIFY((sum(turned) - sum(batch)).abs().mean().item<double>() < 0.1);
    }

    void impossibleOptionsAreRefusedInOneSentence_data()
    {
        QTest::addColumn<XClipOptions>("options");
        QTest::addColumn<Values>("values");
        const auto row = [](const char* name, auto change, const Values& values) {
            auto options = tiny();
            change(options);
            QTest::newRow(name) << options << values;
        };
        row("patches", [](auto& o) { o.visual_patch_size = 5; }, { "16", "5", "multiple" });
        row("dropout", [](auto& o) { o.visual_patch_dropout = 1; }, { "visual_patch_dropout", "1" });
        row("no [cls]", [](auto& o) { o.text_has_cls_token = o.visual_has_cls_token = false; },
            { "text_has_cls_token", "visual_has_cls_token" });
        row("causal without end", [](auto& o) { o.text_causal_mask = true; }, { "text_eos_id", "not set" });
        row("end past the vocabulary",
            [](auto& o) {
                o.text_causal_mask = true;
                o.text_eos_id = 40;
            },
            { "40", "num_text_tokens" });
        row("end is padding",
            [](auto& o) {
                o.text_causal_mask = true;
                o.text_eos_id = 0;
            },
            { "text_eos_id", "text_pad_id", "0" });
        row("odd rotary",
            [](auto& o) {
                o.text_rotary_pos_emb = true;
                o.text_dim_head = 7;
            },
            { "text_rotary_pos_emb", "7" });
        row("downsampled single", [](auto& o) { o.downsample_image_embeds = true; },
            { "downsample_image_embeds", "use_all_token_embeds" });
        row("regularised tokens",
            [](auto& o) {
                o.use_all_token_embeds = true;
                o.sim_reg_loss_weight = 0.5;
            },
            { "0.5", "use_all_token_embeds" });
        row("mask past the vocabulary",
            [](auto& o) {
                o.use_mlm = true;
                o.mlm_mask_token_id = 41;
            },
            { "41", "40" });
        row("unknown self-supervision",
            [](auto& o) {
                o.use_visual_ssl = true;
                o.visual_ssl_type = "byol";
            },
            { "byol", "simsiam", "simclr" });
        row("no such layer",
            [](auto& o) {
                o.use_visual_ssl = true;
                o.visual_ssl_hidden_layer = 1;
            },
            { "visual_ssl_hidden_layer", "1" });
        row("weights",
            [](auto& o) {
                o.use_mlm = o.use_visual_ssl = true;
                o.text_ssl_loss_weight = 0.7;
                o.image_ssl_loss_weight = 0.4;
            },
            { "0.7", "0.4", "below 1" });
    }
    void impossibleOptionsAreRefusedInOneSentence()
    {
        QFETCH(const XClipOptions, options);
        QFETCH(const Values, values);
        const auto message = errorOf([&] { built(options); });
        QVERIFY(message.endsWith(QLatin1Char('.')) && message.count(QStringLiteral(". ")) == 0);
        for (const auto& value : values)
            QVERIFY2(message.contains(QString::fromStdString(value)), qPrintable(message));
    }
};

QTEST_APPLESS_MAIN(TestClip)
#include "tst_clip.moc"
