// SPDX-License-Identifier: MIT
#include "core/models/elucidated_unet.h"
#include "tests/base/error_of.h"

#include <torch/torch.h>

#include <QTest>

#include <cmath>
#include <numeric>

using namespace reverie;

namespace {

std::vector<std::uint64_t> keys(std::uint64_t count)
{
    std::vector<std::uint64_t> keys(count);
    std::iota(keys.begin(), keys.end(), 1);
    return keys;
}

/// The one denoiser there is for data that are N(0, s^2).
DenoiseSigma gaussian(double s, int* calls = nullptr)
{
    return [=](const Tensor& x, double sigma, const Tensor&) {
        if (calls)
            ++*calls;
        return x * (s * s / (s * s + sigma * sigma));
    };
}

bool near(double value, double expected, double tolerance = 1e-6)
{
    return std::abs(value - expected) <= tolerance * std::max(1., std::abs(expected));
}

} // namespace

class ElucidatedTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void preconditioningIsThatOfTheTable()
    {
        const double sigma = 2, data = 0.5, total = sigma * sigma + data * data;
        const auto c = precondition(torch::tensor({ 1., sigma }), data, torch::zeros({ 2, 3, 4, 4 }));
        QVERIFY((c.c_skip.sizes() == at::IntArrayRef{ 2, 1, 1, 1 }));
        QVERIFY(near(c.c_skip[1].item<double>(), data * data / total));
        QVERIFY(near(c.c_out[1].item<double>(), sigma * data / std::sqrt(total)));
        QVERIFY(near(c.c_in[1].item<double>(), 1 / std::sqrt(total)));
        QVERIFY(near(c.c_noise[1].item<double>(), std::log(sigma) / 4));
        QVERIFY(near(c.c_noise[0].item<double>(), 0));
    }

    void theLossWeightUndoesTheOutputScale()
    {
        const auto sigma = torch::tensor({ 0.01, 0.3, 5., 80. });
        const auto weight = elucidated_loss_weight(sigma, 0.5);
        QVERIFY(near(weight[2].item<double>(), (25 + 0.25) / 6.25));
        const auto c_out = precondition(sigma, 0.5, sigma).c_out;
        QVERIFY((weight * c_out.square()).allclose(torch::ones(4)));
    }

    void levelsFollowEquationFive()
    {
        const auto sigmas = sigma_steps({}, 3);
        QCOMPARE(sigmas.size(), std::size_t(4));
        QVERIFY(near(sigmas[0], 80) && near(sigmas[2], 0.002) && sigmas[3] == 0);
        QVERIFY(near(sigmas[1], std::pow((std::pow(80, 1. / 7) + std::pow(0.002, 1. / 7)) / 2, 7)));
    }

    void aPerfectDenoiserIsFollowedToItsTarget_data()
    {
        QTest::addColumn<int>("sampler");
        QTest::addColumn<double>("churn");
        QTest::newRow("Heun") << int(Sampler::Auto) << 0.;
        QTest::newRow("Heun with churn") << int(Sampler::Ddpm) << 40.;
        QTest::newRow("Euler") << int(Sampler::Ddim) << 0.;
        QTest::newRow("DPM-Solver++(2M)") << int(Sampler::Dpmpp) << 0.;
    }
    void aPerfectDenoiserIsFollowedToItsTarget()
    {
        QFETCH(int, sampler);
        QFETCH(double, churn);
        const auto target = torch::full({ 2, 3, 4, 4 }, 0.3);
        const DenoiseSigma oracle = [&](const Tensor&, double, const Tensor&) { return target; };
        ElucidatedOptions options;
        options.S_churn = churn;
        KeyedNoise noise(keys(2));
        int reported = 0;
        const auto x = sample_elucidated(oracle, noise.normal({ 2, 3, 4, 4 }), options, 8, Sampler(sampler),
                                         noise, [&](std::int64_t step, std::int64_t steps, const Tensor&) {
                                             QCOMPARE(steps, 8);
                                             QCOMPARE(step, ++reported);
                                         });
        QCOMPARE(reported, 8);
        QVERIFY(x.allclose(target, 1e-4, 1e-4));
    }

    /// dx/dsigma = (x - D) / sigma has the solution x(0) = x(sigma) s / sqrt(s^2 + sigma^2).
    void twiceTheStepsHalveEulersErrorAndQuarterHeuns()
    {
        const double s = 0.5, exact = 80 * s / std::sqrt(s * s + 80. * 80);
        KeyedNoise noise(keys(1));
        int calls = 0;
        const auto error = [&](Sampler sampler, std::int64_t steps) {
            calls = 0;
            const auto x = torch::ones({ 1, 1 }, torch::kFloat64);
            const auto end = sample_elucidated(gaussian(s, &calls), x, {}, steps, sampler, noise);
            return std::abs(end.item<double>() - exact) / exact;
        };
        const auto ratio = [&](Sampler sampler) { return error(sampler, 36) / error(sampler, 72); };
        QVERIFY(near(error(Sampler::Ddim, 18), 0.15392, 1e-4)); // computed apart
        QCOMPARE(calls, 18);
        QVERIFY(near(error(Sampler::Auto, 18), 0.05527, 1e-4));
        QCOMPARE(calls, 2 * 18 - 1);
        QVERIFY(ratio(Sampler::Ddim) > 1.9 && ratio(Sampler::Ddim) < 2.1);
        QVERIFY(ratio(Sampler::Auto) > 3.8);
        QVERIFY(ratio(Sampler::Dpmpp) > 3);
    }

    void churnKeepsTheDistribution()
    {
        const double s = 0.5;
        ElucidatedOptions options;
        options.S_churn = 20;
        options.S_noise = 1;
        KeyedNoise noise(keys(1));
        const auto x
            = sample_elucidated(gaussian(s), noise.normal({ 1, 20000 }), options, 64, Sampler::Auto, noise);
        QVERIFY(near(x.std().item<double>(), s, 0.03));
        QVERIFY(near(x.mean().item<double>(), 0, 0.02));
    }

    void stoppingReturnsTheLastEstimate()
    {
        std::stop_source stop;
        KeyedNoise noise(keys(1));
        const auto target = torch::full({ 1, 2 }, 0.25);
        int steps = 0;
        const auto x = sample_elucidated([&](const Tensor&, double, const Tensor&) { return target; },
                                         torch::ones({ 1, 2 }), {}, 8, Sampler::Auto, noise,
                                         [&](std::int64_t, std::int64_t, const Tensor&) {
                                             if (++steps == 3)
                                                 stop.request_stop();
                                         },
                                         stop.get_token());
        QCOMPARE(steps, 3);
        QVERIFY(x.equal(target));
    }

    void trainingOnTwoPicturesLowersTheLoss()
    {
        torch::manual_seed(1);
        UnetOptions options;
        options.dim = 16;
        options.dim_mults = { 1, 1 };
        options.resnet_groups = 4;
        options.num_resnet_blocks = 1;
        options.attn_dim_head = 8;
        options.attn_heads = 2;
        options.max_text_len = 1;
        options.init_cross_embed_kernel_sizes = { 3 };
        options.self_cond = true;
        options.channels = 1;
        Unet unet(options);
        ElucidatedUnet elucidated(unet, {});
        torch::optim::Adam optimizer(unet->parameters(), 3e-3);
        const auto sign = torch::tensor({ 1.F, -1.F }).repeat({ 8 }).view({ 16, 1, 1, 1 });
        const auto pictures = sign.expand({ 16, 1, 4, 4 }) * 0.5; // sigma_data is 0.5
        double first = 0, last = 0;
        for (int step = 0; step < 80; ++step) {
            std::vector<std::uint64_t> own;
            for (std::uint64_t i = 0; i < 16; ++i)
                own.push_back(std::uint64_t(step) * 100 + i);
            KeyedNoise noise(own);
            optimizer.zero_grad();
            const auto loss = elucidated.loss(pictures, {}, {}, noise);
            loss.backward();
            optimizer.step();
            (step < 15 ? first : last) += step < 15 || step >= 65 ? loss.item<double>() / 15 : 0;
        }
        QVERIFY2(last < 0.5 * first, qPrintable(QStringLiteral("%1 to %2").arg(first).arg(last)));
    }

    void whatMakesNoScheduleIsRefused()
    {
        ElucidatedOptions options;
        options.sigma_min = 100;
        QVERIFY(errorOf([&] { check(options); }).contains(QStringLiteral("not 100 and 80")));
    }
};

QTEST_GUILESS_MAIN(ElucidatedTest)
#include "tst_elucidated.moc"
