// SPDX-License-Identifier: MIT
#include "tests/base/error_of.h"
#include "tests/models/tiny_decoder.h"

#include <torch/torch.h>

#include <QTest>

using namespace reverie;

namespace {

/// The left half is kept.
Tensor left_half(std::int64_t side, std::int64_t batch = 1)
{
    auto mask = torch::zeros({ batch, side, side }, torch::kBool);
    mask.slice(2, 0, side / 2).fill_(true);
    return mask;
}

/// Says how often it was asked, and always gives zeros.
class CountedNoise : public Noise
{
public:
    Tensor normal(at::IntArrayRef shape) override
    {
        ++draws;
        return torch::zeros(shape);
    }
    Tensor uniform(at::IntArrayRef shape) override { return torch::zeros(shape); }
    Tensor integers(std::int64_t, at::IntArrayRef shape) override
    {
        return torch::zeros(shape, torch::kInt64);
    }
    double coin() override { return 0; }
    double between(double low, double) override { return low; }
    std::int64_t pick(std::int64_t low, std::int64_t) override { return low; }
    int draws = 0;
};

DecoderSampling keeping(const Tensor& image, const Tensor& mask, Sampler sampler = Sampler::Ddim)
{
    DecoderSampling sampling;
    sampling.inpaint_image = image;
    sampling.inpaint_mask = mask;
    sampling.inpaint_resample_times = 2;
    const auto steps = sampler == Sampler::Ddpm ? 6 : 4;
    sampling.stages.assign(2, SamplingOptions{ .timesteps = steps, .sampler = sampler });
    return sampling;
}

} // namespace

class TestInpainting : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void samplers_data()
    {
        QTest::addColumn<int>("sampler");
        QTest::newRow("ddpm") << int(Sampler::Ddpm);
        QTest::newRow("ddim") << int(Sampler::Ddim);
        QTest::newRow("dpmpp") << int(Sampler::Dpmpp);
    }

    void aPerfectDenoiserFillsTheRestWithItsTarget_data() { samplers_data(); }
    void aPerfectDenoiserFillsTheRestWithItsTarget()
    {
        QFETCH(int, sampler);
        const auto target = torch::full({ 2, 3, 4, 4 }, 0.5), known = torch::full({ 1, 3, 4, 4 }, -0.25);
        const std::int64_t steps = 400;
        const NoiseSchedule schedule(NoiseScheduleOptions{ .timesteps = steps });
        const auto keep = left_half(4).unsqueeze(1);
        auto noise = noise_of(1, 2);
        const Repaint repaint(schedule, known, keep, 3, noise);
        int calls = 0;
        const Denoise oracle = [&](const Tensor& x, const Tensor& t, const Tensor&) {
            ++calls;
            return Denoised{ target, schedule->predict_noise_from_start(x, t, target), {} };
        };
        const auto x = noise.normal(target.sizes());
        const auto times = decoder_ddim_times(steps, 10);
        const auto& alphas = schedule->alphas_cumprod;
        const auto drawn = sampler == int(Sampler::Ddpm)
            ? sample_ddpm(oracle, x, *schedule, noise, {}, {}, &repaint)
            : sampler == int(Sampler::Ddim)
            ? sample_ddim(oracle, x, alphas, times, 0.5, noise, {}, {}, &repaint)
            : sample_dpmpp(oracle, x, alphas, times, {}, {}, &repaint);
        QVERIFY(drawn.slice(3, 0, 2).equal(known.slice(3, 0, 2).expand({ 2, 3, 4, 2 })));
        QVERIFY(
            drawn.slice(3, 2).allclose(target.slice(3, 2), 1e-3, sampler == int(Sampler::Ddim) ? 0.1 : 1e-4));
        QCOMPARE(calls, 3 * (sampler == int(Sampler::Ddpm) ? int(steps) : int(times.size())));
    }

    /// Known part, step, and the way back: as the reference draws them.
    void everyRepeatDrawsItsNoiseOnce()
    {
        const auto target = torch::zeros({ 1, 3, 4, 4 });
        const NoiseSchedule schedule(NoiseScheduleOptions{ .timesteps = 5 });
        CountedNoise noise;
        const Repaint repaint(schedule, target, left_half(4).unsqueeze(1), 2, noise);
        const Denoise oracle = [&](const Tensor& x, const Tensor&, const Tensor&) {
            return Denoised{ target, torch::zeros_like(x), {} };
        };
        sample_ddpm(oracle, target, *schedule, noise, {}, {}, &repaint);
        QCOMPARE(noise.draws, 5 * 2 * 2 + 4);
        noise.draws = 0;
        const auto times = decoder_ddim_times(5, 3); // the last pair ends at 0 and draws none
        sample_ddim(oracle, target, schedule->alphas_cumprod, times, 0, noise, {}, {}, &repaint);
        const int pairs = static_cast<int>(times.size());
        QCOMPARE(noise.draws, pairs * 2 + (pairs - 1) * 2 + (pairs - 1));
    }

    void keptPixelsStayInEveryStage_data() { samplers_data(); }
    void keptPixelsStayInEveryStage()
    {
        QFETCH(int, sampler);
        auto decoder = tiny_decoder(tiny_options({ 8, 16 }));
        const auto image = pictures(2, 16), mask = left_half(16, 2);
        auto sampling = keeping(image, mask, Sampler(sampler));
        int steps = 0;
        sampling.on_step = [&](std::int64_t stage, std::int64_t, std::int64_t, const Tensor& x0) {
            ++steps;
            const auto small = image.slice(2, 0, 16, 2).slice(3, 0, 16, 2);
            const auto& given = stage == 1 ? small : image;
            QVERIFY(x0.narrow(3, 0, stage * 4).equal(given.narrow(3, 0, stage * 4)));
            QVERIFY(!x0.narrow(3, stage * 4, stage * 4).allclose(given.narrow(3, stage * 4, stage * 4)));
        };
        auto noise = noise_of(2, 2);
        const auto drawn = decoder->sample(2, tiny_condition(2), sampling, noise);
        QVERIFY(drawn.narrow(3, 0, 8).equal(image.narrow(3, 0, 8)));
        QVERIFY(!drawn.narrow(3, 8, 8).allclose(image.narrow(3, 8, 8), 0.1, 0.05));
        QVERIFY(steps > 6);
    }

    void onePictureAndMaskServeAWholeBatch()
    {
        auto decoder = tiny_decoder(tiny_options({ 8 }));
        const auto image = pictures(1, 8), mask = left_half(8);
        auto noise = noise_of(2, 3);
        const auto together = decoder->sample(3, tiny_condition(3), keeping(image, mask), noise);
        for (std::int64_t i = 0; i < 3; ++i) {
            auto own = noise_of(2 + static_cast<std::uint64_t>(i), 1);
            const DecoderCondition condition{ tiny_condition(3).image_embed.narrow(0, i, 1), {} };
            const auto alone = decoder->sample(1, condition, keeping(image, mask), own);
            QVERIFY(alone.allclose(together.narrow(0, i, 1), 1e-3, 1e-4));
        }
    }

    void latentsKeepThePictureToo()
    {
        auto options = tiny_options({ 8, 16 });
        options.vaes = { tiny_vae(), tiny_vae(16) };
        auto decoder = tiny_decoder(options);
        const auto image = pictures(1, 16);
        auto mask = left_half(16);
        mask[0][3][9] = true; // a single pixel, less than a latent
        auto noise = noise_of(2, 1);
        const auto drawn = decoder->sample(1, tiny_condition(1), keeping(image, mask), noise);
        QVERIFY(torch::where(mask.unsqueeze(1), drawn, image).equal(image));
        QVERIFY(!drawn.narrow(3, 10, 6).allclose(image.narrow(3, 10, 6), 0.1, 0.05));
    }

    void stoppingReturnsWhatThereIsWithTheKeptPart()
    {
        auto decoder = tiny_decoder(tiny_options({ 8, 16 }));
        const auto image = pictures(1, 8);
        std::stop_source stop;
        auto sampling = keeping(image, left_half(8));
        sampling.inpaint_resample_times = 50;
        sampling.stop = stop.get_token();
        int steps = 0;
        sampling.on_step = [&](std::int64_t, std::int64_t, std::int64_t, const Tensor&) {
            ++steps;
            stop.request_stop();
        };
        auto noise = noise_of(2, 1);
        const auto drawn = decoder->sample(1, tiny_condition(1), sampling, noise);
        QCOMPARE(steps, 1);
        QCOMPARE(drawn.size(-1), std::int64_t(8));
        QVERIFY(drawn.narrow(3, 0, 4).equal(image.narrow(3, 0, 4)));
    }

    void whatCantBeInpaintedIsRefused()
    {
        auto decoder = tiny_decoder(tiny_options({ 8 }));
        const auto refused = [&](const Tensor& image, const Tensor& mask, std::int64_t times = 2) {
            auto sampling = keeping(image, mask);
            sampling.inpaint_resample_times = times;
            auto noise = noise_of(2, 2);
            return errorOf([&] { decoder->sample(2, tiny_condition(2), sampling, noise); });
        };
        QCOMPARE(refused(pictures(2, 8), left_half(8)), QString());
        QVERIFY(refused(pictures(2, 8), {}).contains(QLatin1String("both a picture and a mask")));
        QVERIFY(refused(pictures(3, 8), left_half(8)).contains(QLatin1String("To inpaint 2 pictures")));
        QVERIFY(
            refused(pictures(2, 8), left_half(8).unsqueeze(1)).contains(QLatin1String("a mask (b, h, w)")));
        QVERIFY(refused(pictures(2, 8), left_half(8), 0).contains(QLatin1String("not 0 times")));
    }
};

QTEST_APPLESS_MAIN(TestInpainting)
#include "tst_inpainting.moc"
