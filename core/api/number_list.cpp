// SPDX-License-Identifier: MIT
#include "core/api/number_list.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace reverie {

namespace {

constexpr std::size_t most_numbers = 10'000;
constexpr int most_decimals = 12;
const char* const dots = "..";

std::string trimmed(const std::string& text)
{
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// Numbers and `dots`, as they are written.
std::vector<std::string> pieces_of(const std::string& text)
{
    std::vector<std::string> pieces{ "" };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.compare(i, 2, dots) == 0) {
            while (i + 1 < text.size() && text[i + 1] == '.')
                ++i;
            if (trimmed(pieces.back()).empty())
                pieces.pop_back();
            pieces.insert(pieces.end(), { dots, "" });
        } else if (text[i] == ',' || text[i] == ';') {
            const bool behind_dots = pieces.size() > 1 && pieces[pieces.size() - 2] == dots;
            if (!behind_dots || !trimmed(pieces.back()).empty())
                pieces.emplace_back();
        } else {
            pieces.back() += text[i];
        }
    }
    for (auto& piece : pieces)
        piece = trimmed(piece);
    return pieces;
}

struct Decimal {
    double value = 0;
    int decimals = 0; ///< digits behind the point
};

Decimal decimal_of(const std::string& piece)
{
    Decimal number;
    const char* const begin = piece.data() + (piece.starts_with('+') ? 1 : 0);
    const char* const end = piece.data() + piece.size();
    const auto read = std::from_chars(begin, end, number.value);
    if (piece.empty() || read.ec != std::errc() || read.ptr != end || !std::isfinite(number.value))
        throw UsageError((piece.empty() ? "A number is missing" : "\"" + piece + "\" is no number")
                         + "; write numbers with commas between them, as in 1, 2, .., 10.");
    const auto exponent = std::min(piece.find_first_of("eE"), piece.size());
    const auto point = std::min(piece.find('.'), exponent);
    number.decimals = std::max(0, static_cast<int>(exponent - point) - 1);
    if (exponent < piece.size())
        number.decimals -= std::atoi(piece.c_str() + exponent + 1);
    number.decimals = std::clamp(number.decimals, 0, most_decimals);
    return number;
}

void limit(std::size_t count)
{
    if (count > most_numbers)
        throw UsageError("That is more than " + std::to_string(most_numbers)
                         + " numbers; make the range shorter or its steps wider.");
}

/// The numbers behind `last` up to `end`, counted in units of the last decimal.
void continue_to(const Decimal& end, const std::vector<Decimal>& before, std::vector<double>& numbers)
{
    const bool alone = before.size() < 2;
    const Decimal last = before.back();
    const Decimal first = alone ? Decimal{ last.value - (end.value < last.value ? -1 : 1), last.decimals }
                                : before[before.size() - 2];
    const double unit = std::pow(10, std::max({ first.decimals, last.decimals, end.decimals }));
    const double from = std::round(last.value * unit), to = std::round(end.value * unit);
    const double step = from - std::round(first.value * unit);
    if (step == 0 || (to - from) / step < 0)
        throw UsageError("The range up to " + number_text(end.value)
                         + " leads nowhere; begin it with two numbers that lead there.");
    const double count = std::floor((to - from) / step);
    limit(numbers.size() + static_cast<std::size_t>(std::min(count, most_numbers + 1.0)));
    for (double i = 1; i <= count; ++i)
        numbers.push_back((from + i * step) / unit);
}

} // namespace

std::vector<double> expand_numbers(const std::string& text)
{
    const auto pieces = pieces_of(text);
    std::vector<double> numbers;
    std::vector<Decimal> written; ///< since the last range
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (pieces[i] == dots) {
            if (written.empty())
                throw UsageError("A range begins with a number; write it as in 1, 2, .., 10.");
            const auto end = decimal_of(pieces[++i]);
            continue_to(end, written, numbers);
            written.clear();
        } else {
            written.push_back(decimal_of(pieces[i]));
            numbers.push_back(written.back().value);
        }
        limit(numbers.size());
    }
    return numbers;
}

bool is_number_list(const std::string& text)
{
    return text.find_first_of(",;") != std::string::npos || text.find(dots) != std::string::npos;
}

std::string number_text(double number)
{
    std::array<char, 400> digits{};
    const auto written
        = std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
    return { digits.data(), written.ptr };
}

} // namespace reverie
