// SPDX-License-Identifier: MIT
#include "core/train/doctor_rules.h"

namespace reverie {

Verdict data_too_small(const PartHistory& history)
{
    constexpr double fewest = 100; ///< pictures, for whatever model
    const double rows = number(history.facts, "rows", fewest),
                 parameters = number(history.facts, "parameters", 0);
    const double values = rows * number(history.facts, "values", 0);
    if (rows >= fewest && (values <= 0 || parameters < 10 * values))
        return std::nullopt;
    return Finding{ "data too small",
                    three_digits(rows) + " pictures are few for " + three_digits(parameters)
                        + " weights: the model will learn them by heart.",
                    "Add pictures, or take a smaller model." };
}

Verdict pictures_out_of_range(const PartHistory& history)
{
    const auto& facts = history.facts;
    if (!has(facts, "picture_min") || !has(facts, "expected_min"))
        return std::nullopt;
    const double low = number(facts, "picture_min", 0), high = number(facts, "picture_max", 0);
    const double from = number(facts, "expected_min", 0), to = number(facts, "expected_max", 1);
    const auto found = "from " + three_digits(low) + " to " + three_digits(high);
    const auto wanted = "between " + three_digits(from) + " and " + three_digits(to);
    if (high - low < 0.02 * (to - from))
        return Finding{ "pictures empty", "The pictures are all one colour (values " + found + ").",
                        "Check the files: they were probably not decoded." };
    const double slack = 0.02 * (to - from);
    const bool outside = low < from - slack || high > to + slack;
    const bool squeezed = high - low < 0.6 * (to - from);
    if (!outside && !squeezed)
        return std::nullopt;
    return Finding{ "pictures out of range",
                    "The pictures are normalised wrongly: their values lie " + found
                        + ", where the model expects them " + wanted + ".",
                    "Set auto_normalize_img to what the data set holds, or make the pictures anew." };
}

namespace {

/// Where the pictures of captions stand among all of a split, by CLIP: caption_ranks(). A caption that
/// belongs to another picture finds "its own" anywhere.
struct Ranks {
    bool known;
    double best_tenth, second_quarter, last_quarter;
    [[nodiscard]] double misplaced() const { return std::min(4 * last_quarter, 1.); }
    [[nodiscard]] bool random() const { return best_tenth < 0.18 && last_quarter > 0.18; }
    /// Some captions find their pictures at once, and where the others find them is left to chance. What has
    /// only half been learnt gets fewer from quarter to quarter.
    [[nodiscard]] bool two_kinds() const
    {
        return best_tenth > 0.2 && misplaced() > 0.15 && second_quarter < 1.5 * last_quarter;
    }
};

Ranks ranks(const MetricsLine& line, const std::string& split)
{
    const auto value = [&](const char* what) { return number(line, (split + what).c_str(), 0); };
    return { has(line, (split + "_rank_best_tenth").c_str()), value("_rank_best_tenth"),
             value("_rank_second_quarter"), value("_rank_last_quarter") };
}

Finding shuffled(const std::string& verdict)
{
    return { "captions shuffled", verdict, "Check that each caption belongs to its picture." };
}

} // namespace

Verdict captions_shuffled(const PartHistory& history)
{
    constexpr double enough_steps = 200; ///< of CLIP, to judge by it
    const bool is_clip = word(history.facts, "target") == "pairs";
    if (is_clip && history.test.empty())
        return std::nullopt;
    const auto& line = is_clip ? history.test.back() : history.facts;
    if (!is_clip && number(line, "clip_steps", enough_steps) < enough_steps)
        return std::nullopt;
    const auto test = ranks(line, "test"), train = ranks(line, "train");
    const bool seen_in_train = train.two_kinds() && (!test.known || test.misplaced() > 0.15);
    const bool seen_in_test = test.two_kinds() && train.misplaced() > 0.08;
    if (seen_in_train || seen_in_test)
        return shuffled("About " + three_digits(100 * (seen_in_train ? train : test).misplaced())
                        + " % of the captions belong to other pictures, as far as CLIP can tell.");
    const bool by_heart = train.known && train.best_tenth > 0.4;
    if (test.known && test.random() && is_clip && by_heart)
        return shuffled("CLIP finds the pictures of captions it has not seen no better than by chance, "
                        "while it knows those it has seen by heart.");
    if (test.known && test.random() && !is_clip && train.random())
        return Finding{ "captions shuffled",
                        "CLIP finds pictures no better than by chance, those it was trained on included.",
                        "Check that each caption belongs to its picture; if they do, train CLIP longer, or "
                        "with a lower clip.lr." };

    const double rows = number(history.facts, "rows", 0) + number(history.facts, "valid_rows", 0);
    const double own = number(line, "train_top1", 0), others = number(line, "test_top1", 1);
    if (!is_clip || number(history.facts, "valid_rows", 0) < 20 || others > 3 / rows || own < 0.5
        || (test.known && !test.random()))
        return std::nullopt;
    return shuffled("CLIP finds " + three_digits(100 * own) + " % of the pictures it was trained on and "
                    + three_digits(100 * others) + " % of the others.");
}

Verdict captions_unlearnable(const PartHistory& history)
{
    const auto& train = history.train;
    if (word(history.facts, "target") != "pairs" || train.size() < 2 * doctor_window
        || train.back().step < 200 || !at_full_rate(history))
        return std::nullopt;
    const double last = mean(values(train, "loss", train.size() - doctor_window, train.size()));
    const double guessing = cost_of_guessing(history);
    if (last < 0.97 * guessing)
        return std::nullopt;
    return shuffled("After " + std::to_string(train.back().step) + " steps CLIP still guesses (loss "
                    + three_digits(last) + ", guessing costs " + three_digits(guessing) + ").");
}

} // namespace reverie
