// SPDX-License-Identifier: MIT
#include "core/api/prompt_weights.h"

#include "core/api/number_list.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace reverie {

namespace {

constexpr double bracket_weight = 1.1;
constexpr double most_weight = 10;
constexpr const char* escaped = "()[]\\";

bool is_escaped(const std::string& text, std::size_t at)
{
    return text[at] == '\\' && at + 1 < text.size()
        && std::string(escaped).find(text[at + 1]) != std::string::npos;
}

/// The number behind the last colon of "words:1.3", and where that colon is.
std::optional<std::pair<double, std::size_t>> weight_in(const std::string& text, std::size_t begin,
                                                        std::size_t end)
{
    const auto colon = text.rfind(':', end - 1);
    if (colon == std::string::npos || colon < begin || colon + 1 >= end)
        return {};
    auto first = text.data() + colon + 1;
    const char* last = text.data() + end;
    while (first != last && *first == ' ')
        ++first;
    while (last != first && last[-1] == ' ')
        --last;
    double weight = 0;
    const auto read = std::from_chars(first, last, weight, std::chars_format::fixed);
    if (first == last || read.ec != std::errc() || read.ptr != last
        || !(weight >= 0 && weight <= most_weight))
        return {};
    return std::pair(weight, colon);
}

/// Of the bracket at `open`; npos if it doesn't close.
std::size_t closing(const std::string& text, std::size_t open, std::size_t end)
{
    std::string expected;
    for (auto i = open; i < end; ++i) {
        if (is_escaped(text, i))
            ++i;
        else if (text[i] == '(' || text[i] == '[')
            expected += text[i] == '(' ? ')' : ']';
        else if (!expected.empty() && text[i] == expected.back()) {
            expected.pop_back();
            if (expected.empty())
                return i;
        }
    }
    return std::string::npos;
}

class Reading
{
public:
    explicit Reading(const std::string& prompt)
        : text_(prompt)
    {
        read(0, prompt.size(), 1, 0);
    }

    std::vector<WeightedText> runs;

private:
    void add(char character, double weight)
    {
        if (runs.empty() || runs.back().weight != weight)
            runs.push_back({ {}, weight });
        runs.back().text += character;
    }

    void read(std::size_t begin, std::size_t end, double weight, int depth)
    {
        constexpr int deepest = 100;
        for (auto i = begin; i < end; ++i) {
            if (is_escaped(text_, i)) {
                add(text_[++i], weight);
                continue;
            }
            const bool opens = (text_[i] == '(' || text_[i] == '[') && depth < deepest;
            const auto close = opens ? closing(text_, i, end) : std::string::npos;
            if (close == std::string::npos || close >= end) {
                add(text_[i], weight);
                continue;
            }
            if (text_[i] == '[')
                read(i + 1, close, weight / bracket_weight, depth + 1);
            else if (const auto given = weight_in(text_, i + 1, close))
                read(i + 1, given->second, weight * given->first, depth + 1);
            else
                read(i + 1, close, weight * bracket_weight, depth + 1);
            i = close;
        }
    }

    const std::string& text_;
};

double rounded(double weight)
{
    return std::round(std::clamp(weight, 0.0, 2.0) * 20) / 20;
}

} // namespace

std::vector<WeightedText> read_weights(const std::string& prompt)
{
    return Reading(prompt).runs;
}

std::string without_weights(const std::string& prompt)
{
    std::string text;
    for (const auto& run : read_weights(prompt))
        text += run.text;
    return text;
}

std::string escape_weights(const std::string& text)
{
    std::string prompt;
    for (const char character : text) {
        if (std::string(escaped).find(character) != std::string::npos)
            prompt += '\\';
        prompt += character;
    }
    return prompt;
}

ChangedWeight change_weight(const std::string& prompt, std::size_t begin, std::size_t end, double step)
{
    const bool opened = begin > 0 && prompt[begin - 1] == '(' && (begin < 2 || prompt[begin - 2] != '\\');
    const auto close = opened ? closing(prompt, begin - 1, prompt.size()) : std::string::npos;
    const auto given = close == std::string::npos ? std::nullopt : weight_in(prompt, begin, close);
    const bool bare = close == end; // "(words)"
    const bool numbered = given && given->second == end;
    const std::string words = prompt.substr(begin, end - begin);
    ChangedWeight changed;
    changed.weight = rounded((numbered ? given->first : bare ? bracket_weight : 1) + step);
    const auto from = numbered || bare ? begin - 1 : begin;
    const auto to = numbered || bare ? close + 1 : end;
    const bool plain = changed.weight == 1;
    changed.prompt = prompt.substr(0, from)
        + (plain ? words : "(" + words + ":" + number_text(changed.weight) + ")") + prompt.substr(to);
    changed.begin = from + (plain ? 0 : 1);
    changed.end = changed.begin + words.size();
    return changed;
}

} // namespace reverie
