// SPDX-License-Identifier: MIT
#include "core/io/exif.h"

#include "core/base/utf8.h"

#include <algorithm>
#include <cstdint>

namespace reverie {

namespace {

constexpr std::string_view unicode_mark("UNICODE\0", 8);
constexpr unsigned exif_pointer = 0x8769, user_comment = 0x9286;
constexpr unsigned ascii_type = 2, long_type = 4, undefined_type = 7;

void append_u16(std::string& out, unsigned value)
{
    out += static_cast<char>(value >> 8U);
    out += static_cast<char>(value);
}

void append_u32(std::string& out, std::size_t value)
{
    append_u16(out, static_cast<unsigned>(value >> 16U) & 0xffffU);
    append_u16(out, static_cast<unsigned>(value) & 0xffffU);
}

void append_entry(std::string& out, unsigned tag, unsigned type, std::size_t count, std::size_t value)
{
    append_u16(out, tag);
    append_u16(out, type);
    append_u32(out, count);
    append_u32(out, value);
}

std::string to_utf16(std::string_view text)
{
    std::string out;
    for (const char32_t code : decode_utf8(text)) {
        if (code >= 0x10000) {
            append_u16(out, 0xd800U + ((code - 0x10000U) >> 10U));
            append_u16(out, 0xdc00U + ((code - 0x10000U) & 0x3ffU));
        } else {
            append_u16(out, static_cast<unsigned>(code));
        }
    }
    return out;
}

/// Writers disagree about the byte order, so the side on which Latin text has its zeros decides.
bool is_little_endian(std::string_view utf16, bool otherwise)
{
    if (utf16.starts_with("\xff\xfe") || utf16.starts_with("\xfe\xff"))
        return utf16[0] == '\xff';
    std::ptrdiff_t balance = 0;
    for (std::size_t i = 0; i + 1 < utf16.size(); i += 2)
        balance += (utf16[i + 1] == 0) - (utf16[i] == 0);
    return balance == 0 ? otherwise : balance > 0;
}

std::string from_utf16(std::string_view utf16, bool little_by_default)
{
    const bool little = is_little_endian(utf16, little_by_default);
    const auto unit = [&](std::size_t at) {
        const auto a = static_cast<unsigned char>(utf16[at]), b = static_cast<unsigned char>(utf16[at + 1]);
        return static_cast<char32_t>(little ? a | b << 8 : b | a << 8);
    };
    std::string out;
    for (std::size_t i = 0; i + 1 < utf16.size(); i += 2) {
        char32_t code = unit(i);
        if (code >= 0xd800 && code < 0xdc00 && i + 3 < utf16.size() && (unit(i + 2) & 0xfc00U) == 0xdc00U) {
            code = 0x10000 + ((code - 0xd800) << 10U) + (unit(i + 2) - 0xdc00);
            i += 2;
        }
        if (code != 0xfeff && code != 0)
            append_utf8(out, (code & 0xfffff800U) == 0xd800U ? U'\ufffd' : code);
    }
    return out;
}

class TiffReader
{
public:
    explicit TiffReader(std::string_view tiff)
        : tiff_(tiff)
        , little_(tiff.starts_with("II"))
    {
    }

    PictureTexts texts()
    {
        if (tiff_.size() >= 8 && (little_ || tiff_.starts_with("MM")))
            read_directory(number(4, 4), 0);
        return texts_;
    }

private:
    std::size_t number(std::size_t at, int bytes) const
    {
        if (at > tiff_.size() || tiff_.size() - at < static_cast<std::size_t>(bytes))
            return 0;
        std::size_t value = 0;
        for (int i = 0; i < bytes; ++i)
            value = value << 8U | static_cast<unsigned char>(tiff_[at + (little_ ? bytes - 1 - i : i)]);
        return value;
    }

    void read_directory(std::size_t at, int depth)
    {
        const std::size_t entries = number(at, 2);
        for (std::size_t i = 0; i < entries && at + 2 + (i + 1) * 12 <= tiff_.size(); ++i)
            read_entry(at + 2 + i * 12, depth);
    }

    void read_entry(std::size_t at, int depth)
    {
        const auto tag = number(at, 2), type = number(at + 2, 2), count = number(at + 4, 4);
        if (tag == exif_pointer && depth == 0) {
            read_directory(number(at + 8, 4), 1);
            return;
        }
        if (type != ascii_type && type != undefined_type)
            return;
        const std::size_t begin = count <= 4 ? at + 8 : number(at + 8, 4);
        if (begin > tiff_.size() || count > tiff_.size() - begin)
            return;
        const auto value = tiff_.substr(begin, count);
        if (tag == user_comment)
            add_comment(value);
        else if (type == ascii_type)
            add_ascii(value);
    }

    void add_comment(std::string_view value)
    {
        if (value.size() <= unicode_mark.size())
            return;
        const auto text = value.substr(unicode_mark.size());
        if (value.starts_with(unicode_mark))
            texts_.emplace_back("parameters", from_utf16(text, little_));
        else
            texts_.emplace_back("parameters", std::string(text.substr(0, text.find('\0'))));
    }

    void add_ascii(std::string_view value)
    {
        value = value.substr(0, value.find('\0'));
        const auto colon = value.find(':');
        std::string keyword(value.substr(0, std::min<std::size_t>(colon, 32)));
        std::transform(keyword.begin(), keyword.end(), keyword.begin(),
                       [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
        if (colon != std::string_view::npos && (keyword == "prompt" || keyword == "workflow"))
            texts_.emplace_back(keyword, std::string(value.substr(colon + 1)));
    }

    std::string_view tiff_;
    bool little_;
    PictureTexts texts_;
};

} // namespace

std::string exif_with_comment(std::string_view text)
{
    const std::string comment = std::string(unicode_mark) + to_utf16(text);
    std::string out = "MM";
    append_u16(out, 42);
    append_u32(out, 8);
    constexpr std::size_t directory = 2 + 12 + 4; // count, one entry, no further directory
    append_u16(out, 1);
    append_entry(out, exif_pointer, long_type, 1, 8 + directory);
    append_u32(out, 0);
    append_u16(out, 1);
    append_entry(out, user_comment, undefined_type, comment.size(), 8 + 2 * directory);
    append_u32(out, 0);
    return out + comment;
}

PictureTexts exif_texts(std::string_view exif)
{
    constexpr std::string_view prefix("Exif\0\0", 6);
    if (exif.starts_with(prefix))
        exif.remove_prefix(prefix.size());
    return TiffReader(exif).texts();
}

} // namespace reverie
