// SPDX-License-Identifier: MIT
#include "core/train/doctor_rules.h"

#include <functional>

namespace reverie {

namespace {

std::string percent(double share)
{
    return three_digits(100 * share) + " %";
}

/// The highest that at least five lines have, so that one slip does not count.
double sustained_rate(const Lines& train)
{
    auto rates = values(train, "lr", 0, train.size());
    if (rates.size() < 5)
        return 0;
    std::nth_element(rates.begin(), rates.begin() + 4, rates.end(), std::greater<>());
    return rates[4];
}

} // namespace

/// Adam moves every weight by about lr, whatever its gradient is; networks are trained with 1e-4 to 2e-3. A
/// step should move a weight matrix by about a thousandth of its length.
Verdict lr_too_high(const PartHistory& history)
{
    constexpr double highest = 3e-3, farthest = 0.1;
    const auto advice = "Lower lr: 3e-4 to 1e-3 is usual.";
    const auto moved = values(history.train, "update_ratio", 0, history.train.size());
    if (moved.size() >= 5)
        if (const double ratio = median({ moved.end() - 5, moved.end() }); ratio > farthest)
            return Finding{ "lr too high",
                            "Every step moves the weights by " + percent(ratio) + " of their length.",
                            advice };
    if (const double rate = sustained_rate(history.train); rate > highest)
        return Finding{ "lr too high",
                        "The learning rate of " + three_digits(rate)
                            + " is higher than Adam can take: steps throw away much of what was learnt.",
                        advice };
    return std::nullopt;
}

Verdict lr_too_low(const PartHistory& history)
{
    constexpr double nearest = 1e-6;
    const auto moved = values(history.train, "update_ratio", 0, history.train.size());
    if (moved.size() < 5 || !at_full_rate(history))
        return std::nullopt;
    const double ratio = median({ moved.end() - 5, moved.end() });
    if (ratio <= 0 || ratio > nearest)
        return std::nullopt;
    return Finding{ "lr too low", "A step moves the weights by " + percent(ratio) + " of their length only.",
                    "Raise lr: about 0.1 % is usual." };
}

/// Weights that should move and do not, and those that training leaves out without being told to.
Verdict weights_frozen(const PartHistory& history)
{
    constexpr double most_still = 0.5, most_left_out = 0.25;
    const auto& facts = history.facts;
    const double trained = number(facts, "parameters", 0), left_out = number(facts, "frozen_parameters", 0);
    if (left_out > most_left_out * (trained + left_out))
        return Finding{ "weights frozen",
                        percent(left_out / (trained + left_out))
                            + " of the weights take no part in training.",
                        "Check what is frozen." };
    const auto unreached = values(history.train, "unreached", 0, history.train.size());
    if (unreached.size() >= 3 && *std::min_element(unreached.end() - 3, unreached.end()) > most_left_out)
        return Finding{ "weights frozen",
                        percent(unreached.back()) + " of the weights get no gradient and do not move.",
                        "Check what is frozen or cut off from the loss." };
    const auto still = values(history.train, "still", 0, history.train.size());
    if (still.size() < 3 || *std::min_element(still.end() - 3, still.end()) < most_still
        || !at_full_rate(history))
        return std::nullopt;
    return Finding{ "weights frozen", percent(still.back()) + " of the weights do not move.",
                    "Raise lr (it may be below what a float can add to them), or check what is frozen." };
}

} // namespace reverie
