// SPDX-License-Identifier: MIT
#include "core/data/text.h"

#include "core/base/utf8.h"
#include "core/data/text_tables.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace reverie::text {

namespace {

using namespace text_tables;

/// The range that holds `code`, or null.
template <class Range>
const Range* find(const std::vector<Range>& ranges, char32_t code)
{
    auto after = std::upper_bound(ranges.begin(), ranges.end(), code,
                                  [](char32_t c, const Range& range) { return c < range.first; });
    if (after == ranges.begin())
        return nullptr;
    --after;
    return code <= after->last ? &*after : nullptr;
}

char32_t mapped(const std::vector<CodeMap>& map, char32_t code)
{
    const CodeMap* run = find(map, code);
    return run && (code - run->first) % run->stride == 0 ? run->value + (code - run->first) : code;
}

/// Final_Sigma of the Unicode standard: after a cased letter and before none.
bool is_final_sigma(const std::u32string& text, std::size_t at)
{
    const auto next_is_cased = [&](auto step) {
        auto i = step(at);
        while (i < text.size() && find(case_ignorable(), text[i]))
            i = step(i);
        return i < text.size() && find(cased(), text[i]);
    };
    return next_is_cased([](std::size_t i) { return i - 1; })
        && !next_is_cased([](std::size_t i) { return i + 1; });
}

// Hangul syllables are composed by rule (Unicode standard, 3.12).
constexpr char32_t hangul = 0xac00, lead = 0x1100, vowel = 0x1161, trail = 0x11a7;
constexpr char32_t leads = 19, vowels = 21, trails = 28;

void decompose(char32_t code, std::u32string& out)
{
    if (code >= hangul && code < hangul + leads * vowels * trails) {
        const char32_t index = code - hangul;
        out.push_back(lead + index / (vowels * trails));
        out.push_back(vowel + index % (vowels * trails) / trails);
        if (index % trails)
            out.push_back(trail + index % trails);
        return;
    }
    const auto& table = decompositions();
    const auto found = std::lower_bound(table.begin(), table.end(), code,
                                        [](const Decomposition& d, char32_t c) { return d.composite < c; });
    if (found == table.end() || found->composite != code) {
        out += code;
        return;
    }
    decompose(found->first, out);
    if (found->second)
        decompose(found->second, out);
}

unsigned combining_class(char32_t code)
{
    const auto* range = find(combining_classes(), code);
    return range ? range->value : 0;
}

std::optional<char32_t> compose(char32_t a, char32_t b)
{
    static const auto table = [] {
        std::map<std::pair<char32_t, char32_t>, char32_t> composites;
        for (const auto& [composite, first, second] : decompositions())
            if (second && !find(composition_exclusions(), composite))
                composites[{ first, second }] = composite;
        return composites;
    }();
    if (a >= lead && a < lead + leads && b >= vowel && b < vowel + vowels)
        return hangul + ((a - lead) * vowels + (b - vowel)) * trails;
    if (a >= hangul && a < hangul + leads * vowels * trails && (a - hangul) % trails == 0 && b > trail
        && b < trail + trails)
        return a + (b - trail);
    const auto found = table.find({ a, b });
    return found == table.end() ? std::nullopt : std::optional(found->second);
}

void order_marks(std::u32string& codes)
{
    for (auto at = codes.begin(); at != codes.end();) {
        const auto end = std::find_if(at, codes.end(), [](char32_t c) { return combining_class(c) == 0; });
        std::stable_sort(at, end,
                         [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
        at = end == codes.end() ? end : end + 1;
    }
}

/// What a numeric reference stands for (HTML standard, "numeric character reference end state").
std::u32string numeric_reference(std::uint64_t value)
{
    static const std::unordered_map<std::uint64_t, char32_t> windows_1252{
        { 0x00, 0xfffd }, { 0x80, 0x20ac }, { 0x82, 0x201a }, { 0x83, 0x0192 }, { 0x84, 0x201e },
        { 0x85, 0x2026 }, { 0x86, 0x2020 }, { 0x87, 0x2021 }, { 0x88, 0x02c6 }, { 0x89, 0x2030 },
        { 0x8a, 0x0160 }, { 0x8b, 0x2039 }, { 0x8c, 0x0152 }, { 0x8e, 0x017d }, { 0x91, 0x2018 },
        { 0x92, 0x2019 }, { 0x93, 0x201c }, { 0x94, 0x201d }, { 0x95, 0x2022 }, { 0x96, 0x2013 },
        { 0x97, 0x2014 }, { 0x98, 0x02dc }, { 0x99, 0x2122 }, { 0x9a, 0x0161 }, { 0x9b, 0x203a },
        { 0x9c, 0x0153 }, { 0x9e, 0x017e }, { 0x9f, 0x0178 }, { 0x0d, 0x0d },   { 0x81, 0x81 },
        { 0x8d, 0x8d },   { 0x8f, 0x8f },   { 0x90, 0x90 },   { 0x9d, 0x9d }
    };
    if (const auto found = windows_1252.find(value); found != windows_1252.end())
        return { found->second };
    if ((value >= 0xd800 && value < 0xe000) || value > 0x10ffff)
        return U"\uFFFD";
    const bool never_a_character = value < 9 || value == 0xb || (value > 0xd && value < 0x20)
        || (value >= 0x7f && value < 0xa0) || (value >= 0xfdd0 && value < 0xfdf0)
        || (value & 0xfffe) == 0xfffe;
    return never_a_character ? std::u32string() : std::u32string{ static_cast<char32_t>(value) };
}

/// The named reference that is the longest beginning of `name`, with its length.
std::optional<std::pair<std::u32string, std::size_t>> named_reference(std::u32string_view name)
{
    static const auto table = [] {
        std::unordered_map<std::string_view, std::string_view> entities;
        for (const auto& [key, text] : html_entities())
            entities.emplace(key, text);
        return entities;
    }();
    std::string key;
    for (const char32_t code : name)
        key += code < 0x80 ? static_cast<char>(code) : '\x80';
    for (; key.size() > 1; key.pop_back())
        if (const auto found = table.find(key); found != table.end())
            return std::pair{ decode_utf8(found->second), key.size() };
    return std::nullopt;
}

int digit(char32_t c, int base)
{
    const int value = c >= U'0' && c <= U'9' ? int(c - U'0')
        : c >= U'a' && c <= U'f'             ? int(c - U'a') + 10
        : c >= U'A' && c <= U'F'             ? int(c - U'A') + 10
                                             : 99;
    return value < base ? value : -1;
}

/// Reads the reference after the '&' before `at`, and moves `at` behind it; appends it or what stood there.
void take_reference(const std::u32string& text, std::size_t& at, std::u32string& out)
{
    const auto peek = [&](std::size_t i) { return i < text.size() ? text[i] : U'\0'; };
    if (peek(at) == U'#') {
        const bool hex = peek(at + 1) == U'x' || peek(at + 1) == U'X';
        std::size_t i = at + (hex ? 2 : 1);
        const std::size_t begin = i;
        std::uint64_t value = 0;
        for (int d = 0; i < text.size() && (d = digit(text[i], hex ? 16 : 10)) >= 0; ++i)
            value = std::min<std::uint64_t>(value * (hex ? 16 : 10) + std::uint64_t(d), 0x110000);
        if (i > begin) {
            out += numeric_reference(value);
            at = i + (peek(i) == U';');
            return;
        }
        out += U'&';
        return;
    }
    std::size_t end = at;
    while (end < text.size() && end - at < 32
           && std::u32string_view(U"\t\n\f <&#;").find(text[end]) == std::u32string_view::npos)
        ++end;
    if (end > at && peek(end) == U';')
        ++end;
    if (const auto found = named_reference(std::u32string_view(text).substr(at, end - at))) {
        out += found->first;
        at += found->second;
    } else {
        out += U'&';
    }
}

const std::u32string_view* ligature(char32_t code)
{
    static const std::unordered_map<char32_t, std::u32string_view> table{
        { U'Ĳ', U"IJ" }, { U'ĳ', U"ij" }, { U'ŉ', U"'n" }, { U'Ǆ', U"DŽ" },  { U'ǅ', U"Dž" },
        { U'ǆ', U"dž" }, { U'Ǉ', U"LJ" }, { U'ǈ', U"Lj" }, { U'ǉ', U"lj" },  { U'Ǌ', U"NJ" },
        { U'ǋ', U"Nj" }, { U'ǌ', U"nj" }, { U'Ǳ', U"DZ" }, { U'ǲ', U"Dz" },  { U'ǳ', U"dz" },
        { U'ﬀ', U"ff" }, { U'ﬁ', U"fi" }, { U'ﬂ', U"fl" }, { U'ﬃ', U"ffi" }, { U'ﬄ', U"ffl" },
        { U'ﬅ', U"ſt" }, { U'ﬆ', U"st" }
    };
    const auto found = table.find(code);
    return found == table.end() ? nullptr : &found->second;
}

bool is_useless_control(char32_t c)
{
    return c < 9 || c == 0xb || (c > 0xd && c < 0x20) || c == 0x7f || (c >= 0x206a && c < 0x2070)
        || c == 0xfeff || (c >= 0xfff9 && c < 0xfffd);
}

/// ESC [ parameters letter.
std::size_t terminal_escape_length(const std::u32string& text, std::size_t at)
{
    if (text[at] != 0x1b || at + 1 >= text.size() || text[at + 1] != U'[')
        return 0;
    std::size_t i = at + 2;
    while (i < text.size() && (digit(text[i], 10) >= 0 || text[i] == U';'))
        ++i;
    const bool letter = i < text.size() && ((text[i] | 0x20) >= U'a' && (text[i] | 0x20) <= U'z');
    return letter ? i + 1 - at : 0;
}

char32_t straight_quote(char32_t c)
{
    if (c == 0x2bc || (c >= 0x2018 && c <= 0x201b))
        return U'\'';
    return c >= 0x201c && c <= 0x201f ? U'"' : c;
}

} // namespace

bool is_letter(char32_t code)
{
    return find(letters(), code);
}
bool is_number(char32_t code)
{
    return find(numbers(), code);
}
bool is_space(char32_t code)
{
    return find(spaces(), code);
}

std::u32string to_lower(const std::u32string& text)
{
    std::u32string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == U'\u0130')
            out += U"i\u0307";
        else if (text[i] == U'\u03A3' && is_final_sigma(text, i))
            out += U'\u03C2';
        else
            out += mapped(lower_case(), text[i]);
    }
    return out;
}

std::u32string to_nfc(const std::u32string& text)
{
    std::u32string codes;
    for (const char32_t code : text)
        decompose(code, codes);
    order_marks(codes);

    std::u32string out;
    std::optional<std::size_t> starter;
    unsigned last_class = 0;
    for (const char32_t code : codes) {
        const unsigned own_class = combining_class(code);
        const bool blocked = starter && out.size() - 1 > *starter && last_class >= own_class;
        if (starter && !blocked) {
            if (const auto composite = compose(out[*starter], code)) {
                out[*starter] = *composite;
                continue;
            }
        }
        if (own_class == 0)
            starter = out.size();
        last_class = own_class;
        out += code;
    }
    return out;
}

std::u32string unescape_html(const std::u32string& text)
{
    std::u32string out;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t code = text[at++];
        if (code == U'&')
            take_reference(text, at, out);
        else
            out += code;
    }
    return out;
}

std::u32string repair(const std::u32string& text)
{
    const bool maybe_html = text.find(U'<') == std::u32string::npos;
    const std::u32string source = maybe_html ? unescape_html(text) : text;
    std::u32string out;
    for (std::size_t i = 0; i < source.size(); ++i) {
        if (const std::size_t length = terminal_escape_length(source, i)) {
            i += length - 1;
            continue;
        }
        const char32_t code = straight_quote(mapped(narrow_forms(), source[i]));
        if (const auto* letters = ligature(code))
            out += *letters;
        else if (code == U'\r' || code == 0x2028 || code == 0x2029 || code == 0x85)
            out += U'\n';
        else if (!is_useless_control(code))
            out += code;
        if (code == U'\r' && i + 1 < source.size() && source[i + 1] == U'\n')
            ++i;
    }
    return to_nfc(out);
}

} // namespace reverie::text
