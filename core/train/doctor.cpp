// SPDX-License-Identifier: MIT
#include "core/train/doctor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

namespace reverie {

namespace {

using Lines = std::vector<MetricsLine>;
using Verdict = std::optional<Finding>;

/// Lines that a mean is taken over, so that the noise of single batches does not decide.
constexpr std::size_t window = 10;

double number(const MetricsLine& line, const char* name, double fallback)
{
    const auto found = line.numbers.find(name);
    return found == line.numbers.end() ? fallback : found->second;
}

bool has(const MetricsLine& line, const char* name)
{
    return line.numbers.contains(name);
}

std::string word(const MetricsLine& line, const char* name)
{
    const auto found = line.words.find(name);
    return found == line.words.end() ? "" : found->second;
}

std::string text(double value)
{
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.3g", value);
    return digits.data();
}

/// The values of `name` in the lines from `begin` up to `end` that have one.
std::vector<double> values(const Lines& lines, const char* name, std::size_t begin, std::size_t end)
{
    std::vector<double> found;
    for (std::size_t i = begin; i < std::min(end, lines.size()); ++i)
        if (has(lines[i], name))
            found.push_back(number(lines[i], name, 0));
    return found;
}

double mean(const std::vector<double>& values)
{
    double sum = 0;
    for (const double value : values)
        sum += value;
    return values.empty() ? 0 : sum / double(values.size());
}

double median(std::vector<double> values)
{
    if (values.empty())
        return 0;
    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double mean_loss(const Lines& train, std::size_t begin)
{
    return mean(values(train, "loss", begin, begin + window));
}

double last_loss(const Lines& train)
{
    return mean_loss(train, train.size() - window);
}

/// The lowest mean loss of any window; those start half a window apart.
double lowest_loss(const Lines& train)
{
    double lowest = mean_loss(train, 0);
    for (std::size_t begin = 0; begin + window <= train.size(); begin += window / 2)
        lowest = std::min(lowest, mean_loss(train, begin));
    return lowest;
}

Verdict not_finite(const PartHistory& history)
{
    if (history.train.empty() || has(history.train.back(), "loss"))
        return std::nullopt;
    return Finding{ "not finite", "The loss is no number any more.",
                    "Lower lr, and go on from the last checkpoint." };
}

Verdict loss_rising(const PartHistory& history)
{
    const auto& train = history.train;
    if (train.size() < 3 * window)
        return std::nullopt;
    const double lowest = lowest_loss(train), last = last_loss(train);
    if (last < 1.5 * lowest + 0.02)
        return std::nullopt;
    return Finding{ "loss rising", "The loss has risen to " + text(last) + " from " + text(lowest) + ".",
                    "Roll back to an earlier checkpoint and lower lr, or clip gradients by max_grad_norm." };
}

/// Pure noise in noise prediction costs 1, and what a picture is shows below 0.8; other targets are held
/// against where they began, and CLIP against guessing, which costs ln(batch).
Verdict nothing_learnt(const PartHistory& history)
{
    const auto& train = history.train;
    if (train.size() < 4 * window || train.back().step < 200)
        return std::nullopt;
    const double last = last_loss(train);
    const auto target = word(history.facts, "target");
    if (target == "pairs") {
        const double guessing = std::log(number(history.facts, "batch", 1));
        if (last < 0.97 * guessing)
            return std::nullopt;
        return Finding{ "captions shuffled",
                        "After " + std::to_string(train.back().step) + " steps CLIP still guesses (loss "
                            + text(last) + ", guessing costs " + text(guessing) + ").",
                        "Check that each caption belongs to its picture, and that lr is not too high." };
    }
    const double limit = target == "noise" ? 0.8 : 0.9 * mean_loss(train, 0);
    if (last < limit)
        return std::nullopt;
    return Finding{ "nothing learnt",
                    "After " + std::to_string(train.back().step) + " steps the loss is still " + text(last)
                        + "; nothing has been learnt.",
                    "Check the pictures and captions; then try an lr ten times higher, or ten times lower." };
}

/// Pictures come into view at about 0.05 in noise prediction.
Verdict loss_stuck(const PartHistory& history)
{
    constexpr double in_view = 0.05;
    const auto& train = history.train;
    if (word(history.facts, "target") != "noise" || train.size() < 10 * window || train.back().step < 2000)
        return std::nullopt;
    const double last = last_loss(train), middle = mean_loss(train, train.size() / 2);
    if (last < in_view || last > 0.8 || last < 0.98 * middle)
        return std::nullopt;
    return Finding{ "loss stuck",
                    "The loss stands at " + text(last) + "; pictures come into view at about 0.05.",
                    "Give the U-Net more width or steps, a larger batch, or a higher lr." };
}

Verdict gradients_exploding(const PartHistory& history)
{
    const auto& train = history.train;
    if (train.size() < 3 * window)
        return std::nullopt;
    const double last = median(values(train, "grad_norm", train.size() - 3, train.size()));
    const auto begin = train.size() > 60 ? train.size() - 60 : 0;
    const double before = median(values(train, "grad_norm", begin, train.size() - window));
    if (last < 10 * before || last < 1)
        return std::nullopt;
    return Finding{ "gradients exploding",
                    "The gradients' norm has jumped to " + text(last) + " from about " + text(before) + ".",
                    "Lower lr or max_grad_norm, or lengthen warmup_steps." };
}

/// A step should move the weights by about a thousandth of their length.
Verdict lr_out_of_proportion(const PartHistory& history)
{
    const auto moved = values(history.train, "update_ratio", 0, history.train.size());
    if (moved.size() < 5)
        return std::nullopt;
    const double ratio = median({ moved.end() - 5, moved.end() });
    if (ratio > 0.1)
        return Finding{ "lr too high",
                        "Every step moves the weights by " + text(100 * ratio) + " % of their length.",
                        "Lower lr: about 0.1 % is usual." };
    double highest = 0;
    for (const auto& line : history.train)
        highest = std::max(highest, number(line, "lr", 0));
    const bool at_full_rate = number(history.train.back(), "lr", 0) > 0.5 * highest;
    if (ratio > 0 && ratio < 1e-6 && at_full_rate)
        return Finding{ "lr too low",
                        "A step moves the weights by " + text(100 * ratio) + " % of their length only.",
                        "Raise lr: about 0.1 % is usual." };
    return std::nullopt;
}

Verdict weights_frozen(const PartHistory& history)
{
    const auto still = values(history.train, "still", 0, history.train.size());
    if (still.size() < 3 || *std::min_element(still.end() - 3, still.end()) < 0.999)
        return std::nullopt;
    return Finding{ "weights frozen", "The weights do not move.",
                    "Raise lr (it may be below what a float can add to them), or check what is frozen." };
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
                    "What the prior makes of a caption is as near to unrelated captions (" + text(other)
                        + ") as to its own (" + text(own) + ").",
                    "Train it longer; if this stays, check that captions belong to their pictures." };
}

Verdict data_too_small(const PartHistory& history)
{
    const double rows = number(history.facts, "rows", 0), parameters = number(history.facts, "parameters", 0);
    const double values = rows * number(history.facts, "values", 0);
    if (values <= 0 || parameters < 10 * values)
        return std::nullopt;
    return Finding{ "data too small",
                    text(rows) + " pictures are few for " + text(parameters)
                        + " weights: the model will learn them by heart.",
                    "Add pictures, or take a smaller model." };
}

Verdict overfitting(const PartHistory& history)
{
    const auto& valid = history.valid;
    if (valid.size() < 3)
        return std::nullopt;
    const auto losses = values(valid, "loss", 0, valid.size());
    const double lowest = *std::min_element(losses.begin(), losses.end()), last = losses.back();
    const double own = number(valid.back(), "train_loss", last);
    if (last < 1.1 * lowest || last < 1.3 * own)
        return std::nullopt;
    return Finding{ "overfitting",
                    "On pictures it has not seen the loss has risen to " + text(last) + " from "
                        + text(lowest) + ", while on its own it is " + text(own) + ".",
                    "Stop here and keep the best checkpoint, or add pictures or weight decay." };
}

Verdict pictures_out_of_range(const PartHistory& history)
{
    const auto& facts = history.facts;
    if (!has(facts, "picture_min") || !has(facts, "expected_min"))
        return std::nullopt;
    const double low = number(facts, "picture_min", 0), high = number(facts, "picture_max", 0);
    const double from = number(facts, "expected_min", 0), to = number(facts, "expected_max", 1);
    const double middle = (from + to) / 2;
    const auto found = "from " + text(low) + " to " + text(high);
    const auto wanted = "between " + text(from) + " and " + text(to);
    if (high - low < 0.02 * (to - from))
        return Finding{ "pictures empty", "The pictures are all one colour (values " + found + ").",
                        "Check the files: they were probably not decoded." };
    const double slack = 0.02 * (to - from);
    const bool outside = low < from - slack || high > to + slack;
    const bool one_half = low >= middle - slack || high <= middle + slack;
    if (!outside && !one_half)
        return std::nullopt;
    return Finding{ "pictures out of range",
                    "The pictures' values lie " + found + ", where the model expects them " + wanted + ".",
                    "Set auto_normalize_img to what the data set holds." };
}

/// A CLIP that knows its own pairs by heart and no other has learnt nothing that holds.
Verdict captions_shuffled(const PartHistory& history)
{
    if (history.test.empty() || number(history.facts, "valid_rows", 0) < 20)
        return std::nullopt;
    const auto& line = history.test.back();
    const double all = number(history.facts, "rows", 0) + number(history.facts, "valid_rows", 0);
    const double own = number(line, "train_top1", 0), others = number(line, "test_top1", 1);
    if (word(history.facts, "target") != "pairs" || others > 3 / all || own < 0.5)
        return std::nullopt;
    return Finding{ "captions shuffled",
                    "CLIP finds " + text(100 * own) + " % of the pictures it was trained on and "
                        + text(100 * others) + " % of the others.",
                    "Check that each caption belongs to its picture." };
}

/// Of a long run every second line is enough.
void thin(Lines& lines)
{
    constexpr std::size_t most = 1000;
    if (lines.size() <= most)
        return;
    Lines kept;
    for (std::size_t i = 0; i < lines.size(); i += 2)
        kept.push_back(std::move(lines[i]));
    lines = std::move(kept);
}

} // namespace

std::vector<Finding> diagnose(const PartHistory& history)
{
    std::vector<Finding> findings;
    for (const auto rule : { not_finite, loss_rising, nothing_learnt, loss_stuck, gradients_exploding,
                             lr_out_of_proportion, weights_frozen, prior_deaf, data_too_small, overfitting,
                             pictures_out_of_range, captions_shuffled })
        if (auto finding = rule(history))
            findings.push_back(std::move(*finding));
    return findings;
}

/// False for a line that no rule looks at.
bool Doctor::take(const MetricsLine& line)
{
    auto& history = parts_[line.part];
    thin(history.train);
    if (line.split == "facts")
        history.facts = line;
    else if (line.split == "train")
        history.train.push_back(line);
    else if (line.split == "valid")
        history.valid.push_back(line);
    else if (line.split == "test")
        history.test.push_back(line);
    else
        return false;
    return true;
}

std::vector<Finding> Doctor::fresh_findings(const std::string& part)
{
    std::vector<Finding> fresh;
    for (auto& finding : diagnose(parts_[part]))
        if (said_[part].insert(finding.rule).second)
            fresh.push_back(std::move(finding));
    return fresh;
}

std::vector<Finding> Doctor::read(const MetricsLine& line)
{
    return take(line) ? fresh_findings(line.part) : std::vector<Finding>();
}

void Doctor::recall(const std::vector<MetricsLine>& lines)
{
    for (const auto& line : lines)
        take(line);
    for (const auto& [part, history] : parts_)
        fresh_findings(part);
}

} // namespace reverie
