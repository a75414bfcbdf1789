// SPDX-License-Identifier: MIT
#include "core/io/webp.h"

#include "core/base/error.h"
#include "core/io/exif.h"

#include <cstdint>

namespace reverie {

namespace {

constexpr unsigned has_icc = 0x20, has_alpha = 0x10, has_exif = 0x08, has_xmp = 0x04, has_animation = 0x02;

struct Chunk {
    std::string_view type, body;
};

std::uint32_t little_endian(std::string_view bytes, std::size_t at, int count)
{
    std::uint32_t value = 0;
    for (int i = count - 1; i >= 0; --i)
        value = value << 8U | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
    return value;
}

void append_little_endian(std::string& out, std::uint32_t value, int count)
{
    for (int i = 0; i < count; ++i)
        out += static_cast<char>(value >> (8 * i));
}

bool take_chunk(std::string_view& rest, Chunk& chunk)
{
    if (rest.size() < 8)
        return false;
    const std::size_t size = little_endian(rest, 4, 4);
    if (rest.size() - 8 < size)
        return false;
    chunk = { rest.substr(0, 4), rest.substr(8, size) };
    rest.remove_prefix(std::min(rest.size(), 8 + size + (size & 1U)));
    return true;
}

std::string_view chunks_of(std::string_view webp)
{
    const std::size_t size = little_endian(webp, 4, 4);
    return webp.substr(12, size > 4 ? size - 4 : 0);
}

[[noreturn]] void fail()
{
    throw Error("This WebP picture is damaged; copy it again.");
}

/// Flags, width and height as VP8X holds them, from the bitstream of a picture that has no VP8X.
struct Canvas {
    unsigned flags = 0;
    std::uint32_t width = 0, height = 0;
};

Canvas canvas_of(const Chunk& chunk)
{
    if (chunk.type == "VP8X" && chunk.body.size() >= 10)
        return { static_cast<unsigned char>(chunk.body[0]) & (has_icc | has_alpha | has_animation),
                 little_endian(chunk.body, 4, 3) + 1, little_endian(chunk.body, 7, 3) + 1 };
    if (chunk.type == "VP8 " && chunk.body.size() >= 10)
        return { 0, little_endian(chunk.body, 6, 2) & 0x3fffU, little_endian(chunk.body, 8, 2) & 0x3fffU };
    if (chunk.type == "VP8L" && chunk.body.size() >= 5) {
        const auto bits = little_endian(chunk.body, 1, 4);
        return { (bits >> 28U) & 1U ? has_alpha : 0U, (bits & 0x3fffU) + 1, ((bits >> 14U) & 0x3fffU) + 1 };
    }
    fail();
}

void append_chunk(std::string& out, std::string_view type, std::string_view body)
{
    out += type;
    append_little_endian(out, static_cast<std::uint32_t>(body.size()), 4);
    out += body;
    if (body.size() & 1U)
        out += '\0';
}

bool is_picture(std::string_view type)
{
    return type == "VP8 " || type == "VP8L" || type == "ALPH" || type == "ANIM" || type == "ANMF"
        || type == "ICCP";
}

} // namespace

PictureTexts webp_texts(std::string_view webp)
{
    PictureTexts texts;
    auto rest = chunks_of(webp);
    Chunk chunk;
    while (take_chunk(rest, chunk)) {
        if (chunk.type == "EXIF")
            for (auto& text : exif_texts(chunk.body))
                texts.push_back(std::move(text));
        else if (chunk.type == "XMP ")
            texts.emplace_back("XML:com.adobe.xmp", chunk.body);
    }
    return texts;
}

std::string webp_with(std::string_view webp, std::string_view exif, std::string_view xmp)
{
    auto rest = chunks_of(webp);
    Chunk chunk;
    if (!take_chunk(rest, chunk))
        fail();
    const Canvas canvas = canvas_of(chunk);
    std::string body = "WEBP";
    const bool extended = chunk.type == "VP8X" || !exif.empty() || !xmp.empty();
    if (extended) {
        std::string head(
            1, static_cast<char>(canvas.flags | (exif.empty() ? 0 : has_exif) | (xmp.empty() ? 0 : has_xmp)));
        head.append(3, '\0');
        append_little_endian(head, canvas.width - 1, 3);
        append_little_endian(head, canvas.height - 1, 3);
        append_chunk(body, "VP8X", head);
    }
    bool drawn = false;
    do {
        if (is_picture(chunk.type))
            append_chunk(body, chunk.type, chunk.body);
        drawn = drawn || chunk.type == "VP8 " || chunk.type == "VP8L" || chunk.type == "ANMF";
    } while (take_chunk(rest, chunk));
    if (!drawn || !rest.empty())
        fail();
    if (!exif.empty())
        append_chunk(body, "EXIF", exif);
    if (!xmp.empty())
        append_chunk(body, "XMP ", xmp);
    std::string out = "RIFF";
    append_little_endian(out, static_cast<std::uint32_t>(body.size()), 4);
    return out + body;
}

} // namespace reverie
