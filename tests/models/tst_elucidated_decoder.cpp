// SPDX-License-Identifier: MIT
#include "core/io/options_json.h"
#include "tests/base/error_of.h"
#include "tests/models/tiny_decoder.h"

#include <torch/torch.h>

#include <QTest>

using namespace reverie;

namespace {

/// Two stages, of which those that are `true` are elucidated.
DecoderOptions elucidated(bool first, bool second)
{
    auto options = tiny_options({ 4, 8 }, 20);
    options.elucidated = { first, second };
    options.edm = ElucidatedOptions{ .num_sample_steps = 3 };
    return options;
}

Decoder built(const DecoderOptions& options, bool self_cond = false)
{
    auto unet = tiny_unet();
    unet.self_cond = self_cond;
    return shaken(Decoder(options, std::vector<UnetOptions>{ unet, unet }));
}

Tensor drawn(Decoder& decoder, const DecoderSampling& sampling, const DecoderCondition& condition)
{
    auto noise = noise_of(1, 2);
    return decoder->sample(2, condition, sampling, noise);
}

} // namespace

class ElucidatedDecoderTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stagesOfBothKindsMakeACascade_data()
    {
        QTest::addColumn<bool>("first");
        QTest::addColumn<bool>("second");
        QTest::addColumn<bool>("selfCond");
        QTest::newRow("first") << true << false << false;
        QTest::newRow("second") << false << true << false;
        QTest::newRow("both, with self-conditioning") << true << true << true;
    }
    void stagesOfBothKindsMakeACascade()
    {
        QFETCH(bool, first);
        QFETCH(bool, second);
        QFETCH(bool, selfCond);
        auto decoder = built(elucidated(first, second), selfCond);
        QCOMPARE(decoder->unet(1)->options().channels_out.value(), first ? 3 : 6);
        DecoderSampling sampling;
        sampling.cond_scale = 2.;
        std::vector<std::int64_t> steps(2);
        sampling.on_step = [&](std::int64_t stage, std::int64_t, std::int64_t all, const Tensor& x0) {
            steps[std::size_t(stage - 1)] = all;
            QVERIFY(x0.min().item<float>() >= 0 && x0.max().item<float>() <= 1);
        };
        const auto image = drawn(decoder, sampling, tiny_condition(2));
        QVERIFY((image.sizes() == at::IntArrayRef{ 2, 3, 8, 8 }));
        QVERIFY(image.isfinite().all().item<bool>());
        QCOMPARE(steps, (std::vector<std::int64_t>{ first ? 3 : 20, second ? 3 : 20 }));
        for (const std::int64_t stage : { 1, 2 }) {
            auto noise = noise_of(5, 2);
            const auto loss = decoder->loss(pictures(2, 8), stage, tiny_condition(2), noise).loss;
            QVERIFY(loss.isfinite().item<bool>());
            loss.backward();
        }
    }

    void guidanceAndTheStepsAskedForCount()
    {
        auto decoder = built(elucidated(true, true));
        DecoderSampling plain, guided, longer;
        guided.cond_scale = 4.;
        longer.stages = { { .timesteps = 7 }, { .timesteps = 7 } };
        const auto condition = tiny_condition(2);
        const auto image = drawn(decoder, plain, condition);
        QVERIFY(drawn(decoder, plain, condition).equal(image));
        QVERIFY(!drawn(decoder, guided, condition).allclose(image, 1e-4, 1e-5));
        QVERIFY(!drawn(decoder, longer, condition).allclose(image, 1e-4, 1e-5));
    }

    void stoppingEndsAStage()
    {
        auto decoder = built(elucidated(true, true));
        std::stop_source stop;
        DecoderSampling sampling;
        sampling.stop = stop.get_token();
        int steps = 0;
        sampling.on_step = [&](std::int64_t, std::int64_t, std::int64_t, const Tensor&) {
            if (++steps == 2)
                stop.request_stop();
        };
        const auto image = drawn(decoder, sampling, tiny_condition(2));
        QCOMPARE(steps, 2);
        QCOMPARE(image.size(-1), 4);
    }

    void optionsSurviveJson()
    {
        auto options = elucidated(true, false);
        options.edm = { ElucidatedOptions{ .sigma_max = 40 }, ElucidatedOptions{ .S_churn = 10 } };
        const auto json = options_to_json(options);
        const auto read = options_from_json<DecoderOptions>(json, "decoder");
        QCOMPARE(read.edm.at(0).sigma_max, 40.);
        QCOMPARE(read.edm.at(1).S_churn, 10.);
        QVERIFY(read.elucidated.at(0) && !read.elucidated.at(1));
        const auto one = options_from_json<DecoderOptions>(
            nlohmann::json::parse(R"({"elucidated": true, "edm": {"P_mean": -0.5}})"), "decoder");
        QCOMPARE(one.edm.at(1).P_mean, -0.5);
    }

    void whatContradictsItIsRefused()
    {
        auto both = elucidated(false, true);
        both.predict_v = true;
        auto error = errorOf([&] { built(both); });
        QVERIFY2(error.contains(QStringLiteral("stage 2 is elucidated and predict_v is true")),
                 qPrintable(error));
        auto levels = elucidated(true, true);
        levels.edm = ElucidatedOptions{ .sigma_min = 90 };
        error = errorOf([&] { built(levels); });
        QVERIFY2(error.contains(QStringLiteral("not 90 and 80")), qPrintable(error));
        auto decoder = built(elucidated(false, true));
        DecoderSampling inpainting;
        inpainting.inpaint_image = pictures(2, 8);
        inpainting.inpaint_mask = torch::ones({ 2, 8, 8 }, torch::kBool);
        error = errorOf([&] { drawn(decoder, inpainting, tiny_condition(2)); });
        QVERIFY2(error.contains(QStringLiteral("Stage 2 is elucidated")), qPrintable(error));
    }
};

QTEST_GUILESS_MAIN(ElucidatedDecoderTest)
#include "tst_elucidated_decoder.moc"
