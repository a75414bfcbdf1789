// SPDX-License-Identifier: MIT
#include "core/train/optimizer.h"
#include "core/train/part_trainer.h"
#include "core/train/weight_average.h"

#include <QTest>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

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

    void everyEpochTakesEveryRowOnce()
    {
        const reverie::Rows rows = { 3, 5, 7, 11, 13, 17, 19 };
        reverie::BatchOrder order(rows, 2, 1, 42), again(rows, 2, 1, 42);
        reverie::Rows seen;
        for (int step = 0; step < 7; ++step) // two epochs
            for (const auto row : order.at_step(step))
                seen.push_back(row);
        for (const int epoch : { 0, 1 }) {
            const std::multiset<std::int64_t> once(seen.begin() + 7 * epoch, seen.begin() + 7 * (epoch + 1));
            QVERIFY(once == std::multiset<std::int64_t>(rows.begin(), rows.end()));
        }
        QVERIFY(!std::equal(seen.begin(), seen.begin() + 7, seen.begin() + 7));
        QVERIFY((again.at_step(5) == reverie::Rows{ seen[10], seen[11] }));
    }

    void rowsThatAreNeighboursStayTogether()
    {
        reverie::Rows rows(12);
        std::iota(rows.begin(), rows.end(), 0);
        reverie::BatchOrder order(rows, 12, 3, 42);
        for (int epoch = 0; epoch < 4; ++epoch) {
            const auto seen = order.at_step(epoch);
            QVERIFY(std::set<std::int64_t>(seen.begin(), seen.end()).size() == 12);
            for (std::size_t i = 0; i < 12; i += 3)
                QVERIFY(seen[i + 1] == (seen[i] + 1) % 12 && seen[i + 2] == (seen[i] + 2) % 12);
        }
    }
};

QTEST_GUILESS_MAIN(OptimizerTest)
#include "tst_optimizer.moc"
