// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace reverie {

/// A run of a prompt's text that counts for more or less than the rest.
struct WeightedText {
    std::string text;
    double weight = 1;
    bool operator==(const WeightedText&) const = default;
};

/// What a prompt says and how much each part of it counts; so are all texts of a GenerateRequest read:
///   (words)      1.1 times as much; ((words)) 1.21 times
///   (words:1.3)  1.3 times as much, by 0 to 10; within others the weights multiply
///   [words]      1 / 1.1 times as much
///   \( \) \[ \]  the characters themselves, and \\ a backslash
/// Brackets that don't close or that nothing opened are characters like others. Neighbours of the same weight
/// are one run.
std::vector<WeightedText> read_weights(const std::string& prompt);

/// The prompt as it is read, without brackets and weights.
std::string without_weights(const std::string& prompt);

/// The text as a prompt that says it and nothing else: its brackets and backslashes escaped.
std::string escape_weights(const std::string& text);

/// A prompt in which the bytes from `begin` to `end` weigh `step` more, and where they are in it. A part that
/// is in brackets with a number gets another number, and loses both where that becomes 1; any other is put
/// into brackets. Weights stay within 0 to 2 and are rounded to 0.05.
struct ChangedWeight {
    std::string prompt;
    std::size_t begin = 0, end = 0; ///< of the words
    double weight = 1;
};
ChangedWeight change_weight(const std::string& prompt, std::size_t begin, std::size_t end, double step);

} // namespace reverie
