// SPDX-License-Identifier: MIT
#include "core/api/picture_names.h"

#include "core/base/error.h"
#include "core/base/utf8.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <functional>
#include <utility>
#include <vector>

namespace reverie {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_pattern = 1000, longest_name = 200;

/// Text, or what is filled in.
struct Piece {
    std::string token; ///< without its brackets; empty: text
    std::string text; ///< or the format of a date
};

[[noreturn]] void refuse(const std::string& pattern, const std::string& why)
{
    throw UsageError("The name pattern '" + pattern + "' " + why);
}

bool is_unfit(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f
        || std::string_view("\\:*?\"<>|").find(c) != std::string_view::npos;
}

void check_format(const std::string& pattern, const std::string& format)
{
    constexpr std::string_view letters = "YymdHIMSpjaAbBUWuw%";
    if (format.empty())
        refuse(pattern, "has an empty [datetime<>]; write letters into it, as [datetime<%Y-%m-%d>].");
    for (std::size_t i = 0; i < format.size(); ++i)
        if (format[i] == '%' && (++i == format.size() || letters.find(format[i]) == std::string_view::npos))
            refuse(pattern, "has a date with an unknown letter; use %Y %m %d %H %M %S.");
}

Piece token_from(const std::string& pattern, const std::string& inside)
{
    constexpr std::string_view dated = "datetime<";
    if (inside.starts_with(dated) && inside.ends_with('>')) {
        const std::string format = inside.substr(dated.size(), inside.size() - dated.size() - 1);
        check_format(pattern, format);
        return { "datetime", format };
    }
    if (inside == "datetime")
        return { inside, "%Y-%m-%d-%H%M%S" };
    if (inside == "date")
        return { "datetime", "%Y-%m-%d" };
    constexpr std::array known{ "index", "seed", "prompt", "model", "model_hash" };
    if (std::find(known.begin(), known.end(), inside) == known.end())
        refuse(
            pattern,
            "has [" + inside
                + "], which means nothing; use [index] [seed] [prompt] [date] [datetime<%Y-%m-%d>] [model] "
                  "[model_hash].");
    return { inside, {} };
}

/// The pieces of every folder and, last, of the file.
std::vector<std::vector<Piece>> parse(const std::string& pattern)
{
    std::vector<std::vector<Piece>> parts(1);
    std::string text;
    const auto end_text = [&] {
        if (!text.empty())
            parts.back().push_back({ {}, std::exchange(text, {}) });
    };
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '/') {
            end_text();
            parts.emplace_back();
        } else if (pattern[i] == '[') {
            const auto end = pattern.find(']', i);
            if (end == std::string::npos)
                refuse(pattern, "has a bracket that does not end; close it with ']'.");
            end_text();
            parts.back().push_back(token_from(pattern, pattern.substr(i + 1, end - i - 1)));
            i = end;
        } else {
            text += pattern[i];
        }
    }
    end_text();
    return parts;
}

void check_part(const std::string& pattern, const std::vector<Piece>& part)
{
    if (part.empty())
        refuse(pattern, "has a name without letters between slashes; take a slash away.");
    for (const Piece& piece : part)
        if (piece.token.empty() && std::any_of(piece.text.begin(), piece.text.end(), is_unfit))
            refuse(pattern, "has a letter that not every file system takes; leave \\ : * ? \" < > | away.");
    const auto& first = part.front();
    const auto& last = part.back();
    if (part.size() == 1 && first.token.empty() && first.text == "..")
        refuse(pattern, "leaves the folder; take '..' away.");
    if (first.token.empty() && (first.text.starts_with('.') || first.text.starts_with(' ')))
        refuse(pattern, "has a name that begins with a dot or a blank, which hides it; begin with a letter.");
    if (last.token.empty() && (last.text.ends_with('.') || last.text.ends_with(' ')))
        refuse(pattern,
               "has a name that ends in a dot or a blank, which gets lost elsewhere; end with a letter.");
}

std::string formatted(std::time_t time, const std::string& format)
{
    std::tm local{};
    localtime_r(&time, &local);
    std::array<char, 512> text{};
    return { text.data(), std::strftime(text.data(), text.size(), format.c_str(), &local) };
}

std::string padded(int number)
{
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%05d", number);
    return text.data();
}

std::string value_of(const Piece& piece, const PictureMaking& making, std::time_t time, int index)
{
    if (piece.token.empty())
        return piece.text;
    if (piece.token == "index")
        return padded(index);
    if (piece.token == "seed")
        return std::to_string(making.seed);
    if (piece.token == "prompt")
        return slug(making.prompt);
    if (piece.token == "model")
        return making.settings.model.empty() ? "model" : slug(making.settings.model);
    if (piece.token == "model_hash")
        return making.settings.model_hash.empty() ? "model" : making.settings.model_hash.substr(0, 10);
    std::string date = formatted(time, piece.text);
    std::replace_if(
        date.begin(), date.end(), [](char c) { return c == '/' || is_unfit(c); }, '-');
    return date;
}

/// No longer than file systems take, ending with a whole character.
std::string fitted(std::string name)
{
    if (name.size() > longest_name)
        name.resize(longest_name);
    while (!name.empty() && (!is_utf8(name) || name.back() == '.' || name.back() == ' '))
        name.pop_back();
    while (name.starts_with('.') || name.starts_with(' '))
        name.erase(0, 1);
    return name.empty() ? "picture" : name;
}

using Numbered = std::function<int(const std::string& beginning)>;

/// `number` is asked for the index behind what the name begins with.
std::string name_of(const std::vector<Piece>& part, const PictureMaking& making, std::time_t time,
                    const Numbered& number)
{
    std::string name;
    for (const Piece& piece : part)
        name += value_of(piece, making, time, piece.token == "index" ? number(name) : 0);
    return fitted(name);
}

/// One more than the last number that follows `beginning` in the folder's names.
int next_number(const fs::path& folder, const std::string& beginning)
{
    int last = 0;
    std::error_code error;
    for (fs::directory_iterator file(folder, error), end; !error && file != end; file.increment(error)) {
        const std::string name = file->path().filename().string();
        int number = 0;
        if (name.starts_with(beginning))
            std::from_chars(name.data() + beginning.size(), name.data() + name.size(), number);
        last = std::max(last, number);
    }
    return last + 1;
}

} // namespace

void check_name_pattern(const std::string& pattern)
{
    if (pattern.empty())
        throw UsageError("The name pattern is empty; a good one is " + std::string(default_name_pattern)
                         + ".");
    if (pattern.size() > longest_pattern || !is_utf8(pattern))
        throw UsageError("The name pattern is too long or no UTF-8 text; write a shorter one.");
    if (pattern.starts_with('/') || pattern.starts_with('~'))
        refuse(pattern, "leaves the folder; let it begin with a name.");
    for (const auto& part : parse(pattern))
        check_part(pattern, part);
}

fs::path new_picture_path(const fs::path& folder, const std::string& pattern, const PictureMaking& making,
                          std::time_t time)
{
    check_name_pattern(pattern);
    const auto parts = parse(pattern);
    fs::path place = folder;
    const auto number = [&place](const std::string& beginning) { return next_number(place, beginning); };
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
        place /= name_of(parts[i], making, time, number);
    std::error_code failure;
    fs::create_directories(place, failure);
    if (failure)
        throw Error("The folder " + place.string() + " can't be created (" + failure.message()
                    + "); choose another output folder.");
    return unused_path(place / (name_of(parts.back(), making, time, number) + ".png"));
}

std::string example_name(const std::string& pattern, const PictureMaking& making, int index, std::time_t time)
{
    check_name_pattern(pattern);
    std::string example;
    for (const auto& part : parse(pattern))
        example += (example.empty() ? "" : "/")
            + name_of(part, making, time, [index](const std::string&) { return index; });
    return example + ".png";
}

} // namespace reverie
