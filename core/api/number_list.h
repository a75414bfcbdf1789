// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace reverie {

/// The numbers that are meant by a list:
///   1, 4, 9          these
///   1, 2, .., 10     1 and on in steps of 1, as far as 10; 0.5, 1, .., 3: 0.5, 1, 1.5, 2, 2.5, 3
///   9, 7, .., 1      downwards; 1, .., 4 and 1..4: in steps of one
///   1, 2, .., 4, 10  lists and ranges may follow each other
/// Semicolons count as commas. Every number is the one nearest to its decimals. Throws UsageError for what is
/// no number, a range that leads nowhere, and for more than 10000 numbers.
std::vector<double> expand_numbers(const std::string& text);

/// It stands for more than a number, or is on the way there: it has a comma, a semicolon or two dots.
bool is_number_list(const std::string& text);

/// The shortest text that is read as this number: "0.5", "10".
std::string number_text(double number);

} // namespace reverie
