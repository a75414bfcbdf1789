// SPDX-License-Identifier: MIT
#include "core/train/doctor_rules.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace reverie {

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

std::string three_digits(double value)
{
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.3g", value);
    return digits.data();
}

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

bool at_full_rate(const PartHistory& history)
{
    double highest = number(history.facts, "lr", 0);
    for (const auto& line : history.train)
        highest = std::max(highest, number(line, "lr", 0));
    return !history.train.empty() && number(history.train.back(), "lr", 0) >= 0.5 * highest;
}

double cost_of_guessing(const PartHistory& history)
{
    return std::log(std::max(number(history.facts, "batch", 1), 1.));
}

} // namespace reverie
