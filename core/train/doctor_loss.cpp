// SPDX-License-Identifier: MIT
#include "core/train/doctor_rules.h"

#include <cmath>

namespace reverie {

namespace {

constexpr auto window = doctor_window;

double mean_loss(const Lines& train, std::size_t begin)
{
    return mean(values(train, "loss", begin, begin + window));
}

double last_loss(const Lines& train)
{
    return mean_loss(train, train.size() - window);
}

/// A mean over a stretch of lines, and how far chance may have moved it.
struct Level {
    double mean = 0, error = 0;
};

Level level(const Lines& train, std::size_t begin, std::size_t length)
{
    const auto losses = values(train, "loss", begin, begin + length);
    Level level{ mean(losses), 0 };
    for (const double loss : losses)
        level.error += (loss - level.mean) * (loss - level.mean);
    level.error
        = losses.size() > 1 ? std::sqrt(level.error / double(losses.size() * (losses.size() - 1))) : 0;
    return level;
}

/// A CLIP that grows surer of itself pays more for each error, and may still find ever more pictures.
bool finds_as_many(const Lines& test)
{
    const auto found = values(test, "test_rank_best_tenth", 0, test.size());
    return !found.empty() && found.back() > 0.9 * *std::max_element(found.begin(), found.end());
}

} // namespace

Verdict not_finite(const PartHistory& history)
{
    if (history.train.empty() || has(history.train.back(), "loss"))
        return std::nullopt;
    return Finding{ "not finite", "The loss is no number any more.",
                    "Lower lr, and go on from the last checkpoint." };
}

/// Stretches are a tenth of the run, so that a long one is judged by its course and not by its noise.
Verdict loss_rising(const PartHistory& history)
{
    const auto& train = history.train;
    if (train.size() < 3 * window)
        return std::nullopt;
    const auto length = std::max(window, train.size() / 10);
    const auto last = level(train, train.size() - length, length);
    auto lowest = level(train, 0, length);
    for (std::size_t begin = 0; begin + length <= train.size(); begin += length / 2)
        if (const auto here = level(train, begin, length); here.mean < lowest.mean)
            lowest = here;
    if (last.mean < 1.5 * lowest.mean + 0.02
        || last.mean - lowest.mean < 4 * std::hypot(last.error, lowest.error))
        return std::nullopt;
    return Finding{ "loss rising",
                    "The loss has risen to " + three_digits(last.mean) + " from " + three_digits(lowest.mean)
                        + ".",
                    "Roll back to an earlier checkpoint and lower lr, or clip gradients by max_grad_norm." };
}

/// Pure noise in noise prediction costs 1, and what a picture is shows below 0.8; other targets cost about 1
/// to begin with and are held against where they began. A part that starts from trained weights begins low.
Verdict nothing_learnt(const PartHistory& history)
{
    constexpr double trained = 0.3;
    const auto& train = history.train;
    const auto target = word(history.facts, "target");
    if (target == "pairs" || train.size() < 2 * window || train.back().step < 200 || !at_full_rate(history))
        return std::nullopt;
    const double first = mean_loss(train, 0), last = last_loss(train);
    if (last < (target == "noise" ? 0.8 : std::max(0.9 * first, trained)))
        return std::nullopt;
    return Finding{ "nothing learnt",
                    "After " + std::to_string(train.back().step) + " steps the loss is still "
                        + three_digits(last) + "; nothing has been learnt.",
                    "Check the pictures and captions; then try an lr ten times higher, or ten times lower." };
}

/// Pictures come into view well below this in noise prediction.
Verdict loss_stuck(const PartHistory& history)
{
    constexpr double in_view = 0.25;
    const auto& train = history.train;
    if (word(history.facts, "target") != "noise" || train.size() < 10 * window || train.back().step < 2000)
        return std::nullopt;
    const double last = last_loss(train), middle = mean_loss(train, train.size() / 2);
    if (last < in_view || last > 0.8 || last < 0.98 * middle)
        return std::nullopt;
    return Finding{ "loss stuck",
                    "The loss stands at " + three_digits(last) + "; pictures come into view at about 0.05.",
                    "Give the U-Net more width or steps, a larger batch, or a higher lr." };
}

/// Long gradients alone do no harm, as they are scaled down; they do where the loss suffers.
Verdict gradients_exploding(const PartHistory& history)
{
    const auto& train = history.train;
    if (train.size() < 3 * window)
        return std::nullopt;
    const auto norms = values(train, "grad_norm", train.size() - 3, train.size());
    const auto begin = train.size() > 60 ? train.size() - 60 : 0;
    const double last = norms.empty() ? 0 : *std::min_element(norms.begin(), norms.end());
    const double before = median(values(train, "grad_norm", begin, train.size() - window));
    const double loss = mean(values(train, "loss", train.size() - 3, train.size()));
    const double loss_before = median(values(train, "loss", train.size() - window, train.size() - 3));
    if (last < 10 * before || last < 1 || loss < loss_before)
        return std::nullopt;
    return Finding{ "gradients exploding",
                    "The gradients' norm has jumped to " + three_digits(last) + " from about "
                        + three_digits(before) + ".",
                    "Lower lr or max_grad_norm, or lengthen warmup_steps." };
}

Verdict prior_deaf(const PartHistory& history)
{
    if (history.test.empty() || history.test.back().step < 200)
        return std::nullopt;
    const auto& line = history.test.back();
    const char* split = has(line, "test_similarity_text") ? "test" : "train";
    const auto name = [&](const char* what) { return std::string(split) + "_similarity_" + what; };
    if (!has(line, name("text").c_str()))
        return std::nullopt;
    const double own = number(line, name("text").c_str(), 0),
                 other = number(line, name("unrelated").c_str(), 0);
    if (other < own - 0.02)
        return std::nullopt;
    return Finding{ "prior deaf",
                    "What the prior makes of a caption is as near to unrelated captions ("
                        + three_digits(other) + ") as to its own (" + three_digits(own) + ").",
                    "Train it longer; if this stays, check that captions belong to their pictures." };
}

Verdict overfitting(const PartHistory& history)
{
    const auto& valid = history.valid;
    if (valid.size() < 3 || finds_as_many(history.test))
        return std::nullopt;
    const auto losses = values(valid, "loss", 0, valid.size());
    const double lowest = *std::min_element(losses.begin(), losses.end()), last = losses.back();
    const double own = number(valid.back(), "train_loss", last);
    if (last < 1.5 * lowest || last < 1.3 * own)
        return std::nullopt;
    return Finding{ "overfitting",
                    "On pictures it has not seen the loss has risen to " + three_digits(last) + " from "
                        + three_digits(lowest) + ", while on its own it is " + three_digits(own) + ".",
                    "Stop here and keep the best checkpoint, or add pictures or weight decay." };
}

} // namespace reverie
