// SPDX-License-Identifier: MIT
#include "core/api/prompt_expansion.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <algorithm>
#include <optional>
#include <regex>
#include <sstream>

namespace reverie {

namespace {

using Texts = std::vector<std::string>;

constexpr std::size_t most_prompts = 10'000;
constexpr int deepest = 20;
const std::string template_marks = "{|}#";
const std::string weight_marks = "()[]\\"; ///< whose backslash stays

Texts limited(Texts texts)
{
    if (texts.size() > most_prompts)
        throw UsageError("The prompt stands for more than " + std::to_string(most_prompts)
                         + " prompts; give it fewer alternatives.");
    return texts;
}

std::string trimmed(const std::string& text)
{
    const auto first = text.find_first_not_of(" \t\r");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string without_comment(const std::string& line)
{
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\')
            ++i;
        else if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
            return line.substr(0, i);
    }
    return line;
}

/// Every way to put one of `right` behind one of `left`.
Texts product(const Texts& left, const Texts& right)
{
    if (left.size() * right.size() > most_prompts)
        limited(Texts(most_prompts + 1));
    Texts all;
    for (const auto& a : left)
        for (const auto& b : right)
            all.push_back(a + b);
    return all;
}

class Expansion
{
public:
    explicit Expansion(std::filesystem::path wildcards)
        : wildcards_(std::move(wildcards))
    {
    }

    Texts all(const std::string& text)
    {
        const Nesting nesting(*this);
        Texts texts{ "" };
        for (std::size_t i = 0; i < text.size();) {
            Texts next;
            if (text[i] == '\\' && i + 1 < text.size()) {
                const bool stays = weight_marks.find(text[i + 1]) != std::string::npos;
                next = { text.substr(stays ? i : i + 1, stays ? 2 : 1) };
                i += 2;
            } else if (text[i] == '{') {
                const auto end = closing(text, i);
                next = of_braces(text.substr(i + 1, end - i - 1));
                i = end + 1;
            } else if (const auto name = wildcard_at(text, i)) {
                next = of_wildcard(*name);
                i += name->size() + 4;
            } else {
                next = { std::string(1, text[i++]) };
            }
            texts = product(texts, next);
        }
        return texts;
    }

private:
    struct Nesting {
        explicit Nesting(Expansion& owner)
            : owner(owner)
        {
            if (++owner.depth_ > deepest)
                throw UsageError("The prompt's templates are nested too deeply, or a wildcard file refers to "
                                 "itself; make them simpler.");
        }
        ~Nesting() { --owner.depth_; }
        Nesting(const Nesting&) = delete;
        Nesting& operator=(const Nesting&) = delete;
        Expansion& owner;
    };

    static std::size_t closing(const std::string& text, std::size_t open)
    {
        int depth = 0;
        for (auto i = open; i < text.size(); ++i) {
            if (text[i] == '\\')
                ++i;
            else if (text[i] == '{')
                ++depth;
            else if (text[i] == '}' && --depth == 0)
                return i;
        }
        throw UsageError("A { of the prompt has no }; write \\{ for the character itself.");
    }

    static std::optional<std::string> wildcard_at(const std::string& text, std::size_t at)
    {
        static const std::regex name("__([A-Za-z0-9][A-Za-z0-9 /._-]*?)__");
        std::smatch match;
        if (!std::regex_search(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), match, name,
                               std::regex_constants::match_continuous))
            return {};
        return match[1].str();
    }

    /// The alternatives of a pair of braces, as they are written.
    static Texts alternatives(const std::string& inside)
    {
        Texts parts{ "" };
        int depth = 0;
        for (std::size_t i = 0; i < inside.size(); ++i) {
            depth += (inside[i] == '{') - (inside[i] == '}');
            if (inside[i] == '|' && depth == 0) {
                parts.emplace_back();
                continue;
            }
            parts.back() += inside[i];
            if (inside[i] == '\\' && i + 1 < inside.size())
                parts.back() += inside[++i];
        }
        return parts;
    }

    static std::optional<Texts> range(const std::string& inside)
    {
        static const std::regex form(R"(\s*(-?\d{1,9})\s*\.\.\s*(-?\d{1,9})(?:\s*\.\.\s*(-?\d{1,9}))?\s*)");
        std::smatch match;
        if (!std::regex_match(inside, match, form))
            return {};
        const long first = std::stol(match[1]), last = std::stol(match[2]);
        const long step = match[3].matched ? std::stol(match[3]) : first <= last ? 1 : -1;
        if (step == 0 || (last - first) / step < 0)
            throw UsageError("The range {" + inside + "} leads nowhere; give its steps the right sign.");
        Texts numbers;
        for (long i = 0; i <= (last - first) / step && numbers.size() <= most_prompts; ++i)
            numbers.push_back(std::to_string(first + i * step));
        return limited(std::move(numbers));
    }

    Texts of_braces(const std::string& inside)
    {
        if (const auto numbers = range(inside))
            return *numbers;
        static const std::regex several(R"(\s*(\d{1,4})(?:-(\d{1,4}))?\$\$)");
        std::smatch match;
        if (std::regex_search(inside, match, several, std::regex_constants::match_continuous)) {
            const auto least = std::stoul(match[1]);
            return choices(alternatives(match.suffix()), least,
                           match[2].matched ? std::stoul(match[2]) : least);
        }
        Texts texts;
        for (const auto& part : alternatives(inside))
            for (auto& text : all(part))
                texts.push_back(std::move(text));
        return limited(std::move(texts));
    }

    Texts choices(const Texts& parts, std::size_t least, std::size_t most)
    {
        if (least > most || most > parts.size())
            throw UsageError("From " + std::to_string(parts.size()) + " alternatives, "
                             + std::to_string(std::max(least, most)) + " can't be taken; take fewer.");
        Texts texts;
        for (auto count = least; count <= most; ++count)
            choose(parts, 0, count, { "" }, texts);
        return limited(std::move(texts));
    }

    void choose(const Texts& parts, std::size_t from, std::size_t count, const Texts& before, Texts& out)
    {
        if (count == 0) {
            out.insert(out.end(), before.begin(), before.end());
            limited(Texts(std::min(out.size(), most_prompts + 1)));
            return;
        }
        for (auto i = from; i + count <= parts.size(); ++i) {
            const Texts joint = before == Texts{ "" } ? before : product(before, { ", " });
            choose(parts, i + 1, count - 1, product(joint, all(parts[i])), out);
        }
    }

    Texts of_wildcard(const std::string& name)
    {
        const auto path = wildcards_ / (name + ".txt");
        std::string content;
        try {
            content = read_file(path);
        } catch (const Error&) {
            throw UsageError("There is no wildcard file " + path.string()
                             + "; write it, or \\__ for the text.");
        }
        Texts texts;
        std::istringstream lines(content);
        for (std::string line; std::getline(lines, line);) {
            line = trimmed(without_comment(line));
            if (!line.empty())
                for (auto& text : all(line))
                    texts.push_back(std::move(text));
        }
        if (texts.empty())
            throw UsageError(path.string() + " holds no lines to choose from; write one on each line.");
        return limited(std::move(texts));
    }

    std::filesystem::path wildcards_;
    int depth_ = 0;
};

} // namespace

std::vector<std::string> expand_prompt(const std::string& line, const std::filesystem::path& wildcards)
{
    const auto text = trimmed(without_comment(line));
    return text.empty() ? Texts() : Expansion(wildcards).all(text);
}

static std::string escaped(const std::string& prompt)
{
    std::string text;
    for (std::size_t i = 0; i < prompt.size(); ++i) {
        const bool pair = prompt[i] == '\\' && i + 1 < prompt.size()
            && weight_marks.find(prompt[i + 1]) != std::string::npos;
        const bool wildcard
            = prompt.compare(i, 2, "__") == 0 || (i > 0 && prompt.compare(i - 1, 2, "__") == 0);
        if (!pair && (wildcard || prompt[i] == '\\' || template_marks.find(prompt[i]) != std::string::npos))
            text += '\\';
        text += prompt[i];
        if (pair)
            text += prompt[++i];
    }
    return text;
}

std::string template_of(const std::vector<std::string>& prompts)
{
    std::string text;
    for (const auto& prompt : prompts)
        text += (text.empty() ? "" : "|") + escaped(prompt);
    return prompts.size() == 1 ? text : "{" + text + "}";
}

} // namespace reverie
