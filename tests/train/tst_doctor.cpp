// SPDX-License-Identifier: MIT
#include "core/train/doctor.h"

#include <QTest>

#include <cmath>
#include <filesystem>
#include <functional>

using reverie::Doctor;
using reverie::MetricsLine;

namespace {

MetricsLine line(const std::string& split, std::int64_t step, std::map<std::string, double> numbers)
{
    MetricsLine line;
    line.part = "unet1";
    line.split = split;
    line.step = step;
    line.numbers = std::move(numbers);
    return line;
}

MetricsLine facts(const std::string& target, std::map<std::string, double> numbers = {})
{
    auto facts = line("facts", 0, std::move(numbers));
    facts.words["target"] = target;
    return facts;
}

/// One training line every ten steps, its loss and other numbers by the step.
std::vector<MetricsLine> training(int lines, const std::function<double(double)>& loss,
                                  double grad_norm = 0.5, double ratio = 1e-3, double still = 0)
{
    std::vector<MetricsLine> result;
    for (int i = 1; i <= lines; ++i)
        result.push_back(line("train", 10 * i,
                              { { "loss", loss(10 * i) * (1 + 0.1 * std::sin(i * 2.3)) },
                                { "lr", 1e-3 },
                                { "grad_norm", grad_norm },
                                { "update_ratio", ratio },
                                { "still", still } }));
    return result;
}

double falling(double step)
{
    return 0.03 + std::exp(-step / 100);
}

QStringList rules(const std::vector<MetricsLine>& lines)
{
    Doctor doctor;
    QStringList said;
    for (const auto& one : lines)
        for (const auto& finding : doctor.read(one))
            said << QString::fromStdString(finding.rule);
    return said;
}

std::vector<MetricsLine> after(const MetricsLine& first, std::vector<MetricsLine> rest)
{
    rest.insert(rest.begin(), first);
    return rest;
}

} // namespace

class DoctorTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aHealthyRunIsLeftInPeace()
    {
        auto lines = after(facts("noise",
                                 { { "rows", 3000 },
                                   { "valid_rows", 300 },
                                   { "parameters", 5e6 },
                                   { "values", 768 },
                                   { "batch", 64 },
                                   { "picture_min", 0 },
                                   { "picture_max", 1 },
                                   { "expected_min", 0 },
                                   { "expected_max", 1 } }),
                           training(300, falling));
        for (int step = 500; step <= 3000; step += 500)
            lines.push_back(
                line("valid", step, { { "loss", falling(step) * 1.1 }, { "train_loss", falling(step) } }));
        QCOMPARE(rules(lines), QStringList());
    }

    void realRunsThatWentWellAreLeftInPeace()
    {
        const auto runs
            = std::filesystem::path(REVERIE_TEST_DATA).parent_path().parent_path() / "resources/models/emoji";
        int read = 0;
        for (const auto& run : std::filesystem::directory_iterator(runs))
            if (const auto lines = reverie::current_metrics(run.path()); !lines.empty()) {
                QCOMPARE(rules(lines), QStringList());
                ++read;
            }
        QCOMPARE(read, 10);
    }

    void aLossThatRisesIsSeen()
    {
        auto lines = training(100, falling);
        for (int i = 0; i < 20; ++i)
            lines.push_back(
                line("train", 1010 + 10 * i, { { "loss", 0.03 + 0.01 * i }, { "grad_norm", 0.5 } }));
        QCOMPARE(rules(after(facts("noise"), lines)), QStringList{ QStringLiteral("loss rising") });
    }

    void aLossNearPureNoiseMeansNothingLearnt()
    {
        const auto flat = [](double) { return 0.97; };
        QCOMPARE(rules(after(facts("noise"), training(50, flat))),
                 QStringList{ QStringLiteral("nothing learnt") });
        QCOMPARE(rules(after(facts("x_start"), training(50, flat))),
                 QStringList{ QStringLiteral("nothing learnt") });
    }

    void aLossThatStandsAbovePicturesIsSeen()
    {
        const auto stuck = [](double) { return 0.3; };
        QVERIFY(rules(after(facts("noise"), training(250, stuck))).contains(QStringLiteral("loss stuck")));
    }

    void explodingGradientsAreSeen()
    {
        auto lines = training(60, falling);
        for (int i = 0; i < 3; ++i)
            lines.push_back(line("train", 610 + 10 * i, { { "loss", 0.04 }, { "grad_norm", 70 } }));
        QCOMPARE(rules(lines), QStringList{ QStringLiteral("gradients exploding") });
    }

    void aLossThatIsNoNumberIsSeen()
    {
        auto lines = training(3, falling);
        lines.push_back(line("train", 40, { { "lr", 1e-3 } }));
        QCOMPARE(rules(lines), QStringList{ QStringLiteral("not finite") });
    }

    void aLearningRateOutOfProportionIsSeen()
    {
        QCOMPARE(rules(training(10, falling, 0.5, 0.3)), QStringList{ QStringLiteral("lr too high") });
        QCOMPARE(rules(training(10, falling, 0.5, 1e-8)), QStringList{ QStringLiteral("lr too low") });
    }

    void weightsThatDoNotMoveAreSeen()
    {
        QCOMPARE(rules(training(10, falling, 0.5, 0, 1)), QStringList{ QStringLiteral("weights frozen") });
    }

    void aPriorThatDoesNotListenIsSeen()
    {
        const auto test = [](double own, double other) {
            return line("test", 500,
                        { { "test_similarity_text", own }, { "test_similarity_unrelated", other } });
        };
        QCOMPARE(rules({ test(0.3, 0.05) }), QStringList());
        QCOMPARE(rules({ test(0.3, 0.29) }), QStringList{ QStringLiteral("prior deaf") });
    }

    void fewPicturesForManyWeightsAreSeen()
    {
        QCOMPARE(rules({ facts("noise", { { "rows", 20 }, { "values", 768 }, { "parameters", 5e6 } }) }),
                 QStringList{ QStringLiteral("data too small") });
    }

    void overfittingIsSeenInTheGap()
    {
        std::vector<MetricsLine> lines;
        for (int i = 1; i <= 6; ++i)
            lines.push_back(
                line("valid", 100 * i, { { "loss", 0.1 + 0.01 * i * i }, { "train_loss", 0.1 / i } }));
        QCOMPARE(rules(lines), QStringList{ QStringLiteral("overfitting") });
    }

    void picturesInAnotherRangeAreSeen()
    {
        const auto pictures = [](double low, double high, double from) {
            return facts("noise",
                         { { "picture_min", low },
                           { "picture_max", high },
                           { "expected_min", from },
                           { "expected_max", 1 } });
        };
        QCOMPARE(rules({ pictures(0, 1, -1) }), QStringList{ QStringLiteral("pictures out of range") });
        QCOMPARE(rules({ pictures(-1, 1, 0) }), QStringList{ QStringLiteral("pictures out of range") });
        QCOMPARE(rules({ pictures(0.5, 0.5, 0) }), QStringList{ QStringLiteral("pictures empty") });
    }

    void shuffledCaptionsAreSeen()
    {
        const auto guessing = [](double) { return std::log(64.); };
        QCOMPARE(rules(after(facts("pairs", { { "batch", 64 } }), training(50, guessing))),
                 QStringList{ QStringLiteral("captions shuffled") });
        const auto tested = [](double own, double others) {
            return std::vector<MetricsLine>{ facts("pairs", { { "rows", 900 }, { "valid_rows", 100 } }),
                                             line("test", 500,
                                                  { { "train_top1", own }, { "test_top1", others } }) };
        };
        QCOMPARE(rules(tested(0.9, 0)), QStringList{ QStringLiteral("captions shuffled") });
        QCOMPARE(rules(tested(0.9, 0.2)), QStringList());
    }

    void captionsThatPartlyBelongElsewhereAreSeen()
    {
        const auto ranks = [](double best, double second, double last) {
            return rules({ facts("x_start",
                                 { { "clip_steps", 1000 },
                                   { "test_rank_best_tenth", best },
                                   { "test_rank_second_quarter", second },
                                   { "test_rank_last_quarter", last },
                                   { "train_rank_best_tenth", best },
                                   { "train_rank_second_quarter", second },
                                   { "train_rank_last_quarter", last } }) });
        };
        const QStringList shuffled{ QStringLiteral("captions shuffled") };
        QCOMPARE(ranks(0.97, 0.01, 0), QStringList()); // all belong, and are known
        QCOMPARE(ranks(0.3, 0.24, 0.08), QStringList()); // all belong, and are half known
        QCOMPARE(ranks(0.55, 0.13, 0.125), shuffled); // half of them do not belong
        QCOMPARE(ranks(0.75, 0.06, 0.06), shuffled); // a quarter
        QCOMPARE(ranks(0.1, 0.25, 0.25), shuffled); // all
    }

    void aClipThatHasHardlyBegunSaysNothingOfCaptions()
    {
        auto lines = std::vector{ facts("x_start",
                                        { { "clip_steps", 20 },
                                          { "test_rank_best_tenth", 0.1 },
                                          { "test_rank_second_quarter", 0.25 },
                                          { "test_rank_last_quarter", 0.25 },
                                          { "train_rank_best_tenth", 0.1 },
                                          { "train_rank_second_quarter", 0.25 },
                                          { "train_rank_last_quarter", 0.25 } }) };
        QCOMPARE(rules(lines), QStringList());
    }

    void whatIsToBlameIsSaidInsteadOfWhatFollows()
    {
        const auto guessing = [](double) { return std::log(64.); };
        QCOMPARE(rules(after(facts("pairs", { { "batch", 64 } }), training(50, guessing, 0.5, 0, 1))),
                 QStringList{ QStringLiteral("weights frozen") });
        auto high = training(50, guessing);
        for (auto& line : high)
            line.numbers["lr"] = 4e-3;
        QCOMPARE(rules(after(facts("pairs", { { "batch", 64 } }), high)),
                 QStringList{ QStringLiteral("lr too high") });
    }

    void aPartThatIsLeftOutIsSeen()
    {
        const QStringList frozen{ QStringLiteral("weights frozen") };
        QCOMPARE(rules({ facts("v", { { "parameters", 4e5 }, { "frozen_parameters", 6e5 } }) }), frozen);
        auto lines = training(10, falling);
        for (auto& line : lines)
            line.numbers["unreached"] = 0.4;
        QCOMPARE(rules(lines), frozen);
    }

    void aWarmUpIsLeftInPeace()
    {
        auto lines = training(
            50, [](double) { return 0.97; }, 0.5, 1e-8, 0.9);
        for (std::size_t i = 0; i < lines.size(); ++i)
            lines[i].numbers["lr"] = 1e-7 * double(i + 1);
        QCOMPARE(rules(after(facts("noise", { { "lr", 3e-4 } }), lines)), QStringList());
    }

    void goingOnFromTrainedWeightsIsLeftInPeace()
    {
        QCOMPARE(rules(after(facts("v"), training(100, [](double) { return 0.08; }))), QStringList());
    }

    /// Losses of single small batches of a diffusion model differ tenfold.
    void aNoisyLossIsNoRisingOne()
    {
        std::vector<MetricsLine> lines;
        std::uint32_t random = 1;
        for (int step = 1; step <= 5000; ++step) {
            random = random * 1664525 + 1013904223;
            lines.push_back(line("train", step,
                                 { { "loss", 0.01 + 0.3 * std::pow(random / 4294967296., 3) },
                                   { "lr", 1e-3 },
                                   { "grad_norm", 0.5 } }));
        }
        QCOMPARE(rules(after(facts("v"), lines)), QStringList());
    }

    void aFindingIsSaidOnce() { QCOMPARE(rules(training(50, falling, 0.5, 0.3)).size(), 1); }
};

QTEST_APPLESS_MAIN(DoctorTest)
#include "tst_doctor.moc"
