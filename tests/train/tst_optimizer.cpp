// SPDX-License-Identifier: MIT
#include "core/train/decoder_trainer.h"
#include "core/train/optimizer.h"
#include "core/train/part_trainer.h"
#include "core/train/prior_trainer.h"
#include "core/train/weight_average.h"

#include <QTest>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>

using torch::Tensor;

namespace {

std::vector<Tensor> weights()
{
    torch::manual_seed(3);
    return { torch::randn({ 4, 3 }).requires_grad_(), torch::randn({ 3 }).requires_grad_() };
}

Tensor loss_of(const std::vector<Tensor>& weights)
{
    const auto x = torch::arange(8, torch::kFloat).reshape({ 2, 4 });
    return (x.matmul(weights[0]) + weights[1]).tanh().square().mean();
}

} // namespace

class OptimizerTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stepsAreThoseOfLibTorch_data()
    {
        QTest::addColumn<double>("wd");
        QTest::newRow("Adam") << 0.;
        QTest::newRow("AdamW") << 0.1;
    }
    void stepsAreThoseOfLibTorch()
    {
        QFETCH(double, wd);
        reverie::PartOptions options;
        options.wd = wd;
        options.max_grad_norm = 0;
        const auto ours = weights(), theirs = weights();
        reverie::Optimizer optimizer(ours, options);
        torch::optim::AdamWOptions decayed(0.01);
        decayed.betas({ options.beta1, options.beta2 }).eps(options.eps).weight_decay(wd);
        auto plain = decayed;
        plain.weight_decay(0);
        torch::optim::AdamW matrix({ theirs[0] }, decayed), vector({ theirs[1] }, plain);
        for (int step = 0; step < 20; ++step) {
            loss_of(ours).backward();
            optimizer.step(0.01);
            loss_of(theirs).backward();
            matrix.step();
            vector.step();
            matrix.zero_grad();
            vector.zero_grad();
        }
        for (int i = 0; i < 2; ++i)
            QVERIFY(torch::allclose(ours[i], theirs[i], 1e-5, 1e-6));
    }

    void gradientsAreClippedByTheirCommonNorm()
    {
        reverie::PartOptions options;
        options.max_grad_norm = 1e-3;
        const auto clipped = weights(), raw = weights();
        reverie::Optimizer optimizer(clipped, options);
        loss_of(clipped).backward();
        loss_of(raw).backward();
        const double norm = reverie::clip_gradients(clipped, options.max_grad_norm).item<double>();
        optimizer.step(0.01);
        const double expected
            = std::hypot(raw[0].grad().norm().item<double>(), raw[1].grad().norm().item<double>());
        QVERIFY(std::abs(norm - expected) < 1e-6);
        reverie::TensorMap state;
        optimizer.save(state);
        const auto mean = state.at(reverie::slot("adam.mean", 0)) / (1 - options.beta1);
        QVERIFY(torch::allclose(mean, raw[0].grad() * (1e-3 / expected), 1e-3, 1e-8));
    }

    void aParameterTakesPartFromItsFirstGradientOn()
    {
        reverie::PartOptions options;
        options.wd = 0.1;
        const auto ours = weights();
        const auto before = ours[1].detach().clone();
        reverie::Optimizer optimizer(ours, options);
        const auto alone = [](const std::vector<Tensor>& w) { return w[0].square().sum(); };
        alone(ours).backward();
        optimizer.step(0.01);
        QVERIFY(torch::equal(ours[1], before));
        loss_of(ours).backward(); // from here on it is step 1 for the second and step 2 for the first
        optimizer.step(0.01);
        QVERIFY(torch::allclose((ours[1] - before).abs(), torch::full({ 3 }, 0.01), 1e-3));
    }

    void stateThatIsSavedGoesOnToTheSameNumbers()
    {
        reverie::PartOptions options;
        const auto whole = weights(), resumed = weights();
        reverie::Optimizer first(whole, options), second(resumed, options);
        reverie::TensorMap state;
        for (int step = 0; step < 6; ++step) {
            loss_of(whole).backward();
            first.step(0.01);
            if (step == 2) {
                first.save(state);
                for (auto& [name, tensor] : state)
                    tensor = tensor.clone();
            }
        }
        second.load(state, 3);
        for (int step = 3; step < 6; ++step) {
            loss_of(resumed).backward();
            second.step(0.01);
        }
        QVERIFY(torch::equal(whole[0], resumed[0]) && torch::equal(whole[1], resumed[1]));
    }

    void theLearningRateFollowsItsSchedule_data()
    {
        QTest::addColumn<QString>("schedule");
        QTest::addColumn<int>("decaySteps");
        QTest::addColumn<int>("step");
        QTest::addColumn<double>("lr");
        // lr 2, min_lr 1, warm-up over 4 of 100 steps
        QTest::newRow("first step of the warm-up") << QStringLiteral("constant") << 0 << 0 << 0.5;
        QTest::newRow("constant") << QStringLiteral("constant") << 0 << 50 << 2.;
        QTest::newRow("cosine, dampened")
            << QStringLiteral("cosine") << 0 << 1 << 0.5 * (1 + 0.5 * (1 + std::cos(M_PI / 100)));
        QTest::newRow("cosine") << QStringLiteral("cosine") << 0 << 50 << 1.5;
        QTest::newRow("cosine at its end") << QStringLiteral("cosine") << 20 << 20 << 1.;
        QTest::newRow("cosine rises again") << QStringLiteral("cosine") << 20 << 40 << 2.;
        QTest::newRow("linear") << QStringLiteral("linear") << 0 << 25 << 1.75;
        QTest::newRow("linear stays down") << QStringLiteral("linear") << 20 << 90 << 1.;
        QTest::newRow("step") << QStringLiteral("step") << 10 << 9 << 2.;
        QTest::newRow("step after two falls") << QStringLiteral("step") << 10 << 25 << 1.0625;
    }
    void theLearningRateFollowsItsSchedule()
    {
        QFETCH(QString, schedule);
        QFETCH(int, decaySteps);
        QFETCH(int, step);
        QFETCH(double, lr);
        reverie::PartOptions options;
        options.lr = 2;
        options.min_lr = 1;
        options.steps = 100;
        options.warmup_steps = 4;
        options.step_factor = 0.25;
        options.schedule = schedule.toStdString();
        options.decay_steps = decaySteps;
        QVERIFY(std::abs(reverie::learning_rate(options, step) - lr) < 1e-12);
    }

    /// ema-pytorch: copies until update_after_step and once more, then decays by 1 - (1 + n)^-power up to
    /// beta.
    void theAverageFollowsTheRule()
    {
        reverie::PartOptions options;
        options.ema_update_every = 2;
        options.ema_update_after_step = 3;
        options.ema_beta = 0.7;
        const auto weight = torch::zeros({ 1 });
        reverie::WeightAverage average({ weight }, options);
        double expected = 0;
        for (int step = 0; step < 14; ++step) {
            weight.fill_(step + 1.);
            average.update();
            if (step % 2 != 0)
                continue;
            const double n = step - 3;
            const double decay = n > 1 ? std::min(1 - std::pow(1 + n, -2. / 3), 0.7) : 0;
            expected = decay * expected + (1 - decay) * (step + 1.);
        }
        average.swap();
        QVERIFY(std::abs(weight.item<double>() - expected) < 1e-5);
        average.swap();
        QCOMPARE(weight.item<double>(), 14.);
    }

    void theLossScaleHalvesOnOverflowAndDoublesAgain()
    {
        reverie::LossScaler scaler;
        QVERIFY(!scaler.accept(false));
        QCOMPARE(scaler.scale(), 32768.);
        for (int step = 0; step < 2000; ++step)
            QVERIFY(scaler.accept(true));
        QCOMPARE(scaler.scale(), 65536.);
    }

    /// Dropped conditions, noise, times and crops are those of the whole batch, in whatever chunks it comes.
    void chunksOfABatchTrainAsTheWholeDoes_data()
    {
        QTest::addColumn<int>("chunk");
        QTest::newRow("1") << 1;
        QTest::newRow("3, 3 and 1") << 3;
        QTest::newRow("5 and 2") << 5;
    }
    void chunksOfABatchTrainAsTheWholeDoes()
    {
        QFETCH(int, chunk);
        constexpr std::int64_t batch = 7;
        const auto train = [](std::int64_t most) {
            torch::manual_seed(1);
            const reverie::UnetOptions unet{
                .dim = 8, .image_embed_dim = 6, .cond_dim = 8, .dim_mults = { 1, 2 }
            };
            reverie::DecoderOptions options;
            options.image_sizes = { 8, 16 };
            options.random_crop_sizes = { std::nullopt, 8 };
            options.timesteps = 50;
            options.image_cond_drop_prob = 0.5;
            reverie::Decoder decoder(options, std::vector{ unet, unet });
            reverie::DiffusionPrior prior(
                reverie::DiffusionPriorOptions{
                    .timesteps = 50, .cond_drop_prob = 0.5, .condition_on_text_encodings = false },
                reverie::PriorNetwork(reverie::PriorNetworkOptions{
                    .dim = 6, .max_text_len = 4, .depth = 1, .dim_head = 4, .heads = 2 }));
            reverie::DecoderTrainerOptions slow;
            slow.lr = 1e-2;
            slow.eps = 1e-2; // else Adam blows up the rounding of gradients that are next to 0
            reverie::DiffusionPriorTrainerOptions slow_prior;
            slow_prior.lr = 1e-2;
            slow_prior.eps = 1e-2;
            reverie::DecoderTrainer trainer(decoder, slow);
            reverie::DiffusionPriorTrainer prior_trainer(prior, slow_prior);
            trainer.train();
            prior_trainer.train();
            std::vector<double> losses;
            for (std::uint64_t step = 0; step < 3; ++step) {
                std::vector<std::uint64_t> keys(batch);
                std::iota(keys.begin(), keys.end(), 100 * step);
                reverie::KeyedNoise noise(keys);
                const auto pictures = torch::rand({ batch, 3, 16, 16 });
                const auto embeds = torch::nn::functional::normalize(torch::randn({ batch, 6 }));
                for (const std::int64_t unet_number : { 1, 2 }) {
                    losses.push_back(trainer.forward(pictures, unet_number, { embeds, {} }, noise, most));
                    trainer.update(unet_number);
                }
                losses.push_back(prior_trainer.forward(embeds, { embeds.flip(0), {} }, noise, most));
                prior_trainer.update();
            }
            auto weights = decoder->parameters();
            const auto others = prior->parameters();
            weights.insert(weights.end(), others.begin(), others.end());
            return std::pair(losses, weights);
        };
        const auto [losses, weights] = train(0);
        const auto [pieces, same] = train(chunk);
        for (std::size_t i = 0; i < losses.size(); ++i)
            QVERIFY2(std::abs(pieces[i] - losses[i]) < 1e-5 * losses[i],
                     qPrintable(QString::number(pieces[i])));
        for (std::size_t i = 0; i < weights.size(); ++i)
            QVERIFY(torch::allclose(same[i], weights[i], 1e-4, 1e-5));
    }
};

QTEST_GUILESS_MAIN(OptimizerTest)
#include "tst_optimizer.moc"
