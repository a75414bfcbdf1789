// SPDX-License-Identifier: MIT
#include "core/io/png.h"

#include "core/base/error.h"
#include "core/io/exif.h"
#include "core/io/inflate.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace reverie {

namespace {

constexpr std::string_view signature = "\x89PNG\r\n\x1a\n";
constexpr std::string_view xmp_keyword = "XML:com.adobe.xmp";

constexpr auto crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t n = 0; n < table.size(); ++n) {
        std::uint32_t c = n;
        for (int bit = 0; bit < 8; ++bit)
            c = (c & 1U) ? 0xedb88320U ^ (c >> 1U) : c >> 1U;
        table[n] = c;
    }
    return table;
}();

std::uint32_t crc32(std::string_view bytes)
{
    std::uint32_t c = 0xffffffffU;
    for (const char byte : bytes)
        c = crc_table[(c ^ static_cast<unsigned char>(byte)) & 0xffU] ^ (c >> 8U);
    return ~c;
}

std::uint32_t adler32(std::string_view bytes)
{
    std::uint32_t a = 1, b = 0;
    for (const char byte : bytes) {
        a = (a + static_cast<unsigned char>(byte)) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16U | a;
}

std::string big_endian(std::uint32_t value)
{
    return { static_cast<char>(value >> 24U), static_cast<char>(value >> 16U), static_cast<char>(value >> 8U),
             static_cast<char>(value) };
}

std::uint32_t read_big_endian(std::string_view bytes)
{
    std::uint32_t value = 0;
    for (const char byte : bytes.substr(0, 4))
        value = value << 8U | static_cast<unsigned char>(byte);
    return value;
}

std::string chunk(std::string_view type, std::string_view data)
{
    if (data.size() >= 1U << 31U)
        throw Error("The picture is too large for a PNG; draw a smaller one.");
    const std::string body = std::string(type).append(data);
    return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(crc32(body));
}

/// zlib (RFC 1950) around stored deflate blocks (RFC 1951, 3.2.4).
std::string stored_zlib(std::string_view bytes)
{
    constexpr std::size_t largest_block = 65535;
    std::string out = "\x78\x01";
    for (std::size_t at = 0; at < bytes.size(); at += largest_block) {
        const auto block = bytes.substr(at, largest_block);
        const auto size = static_cast<std::uint16_t>(block.size());
        out += static_cast<char>(at + block.size() == bytes.size());
        for (const unsigned word : { unsigned{ size }, ~unsigned{ size } }) {
            out += static_cast<char>(word);
            out += static_cast<char>(word >> 8U);
        }
        out += block;
    }
    return out + big_endian(adler32(bytes));
}

/// Printable Latin-1, or nothing if `utf8` needs more than that.
std::optional<std::string> to_latin1(std::string_view utf8)
{
    std::string out;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto lead = static_cast<unsigned char>(utf8[i]);
        if (lead == '\n' || (lead >= 0x20 && lead < 0x7f)) {
            out += utf8[i];
            continue;
        }
        const auto next = i + 1 < utf8.size() ? static_cast<unsigned char>(utf8[i + 1]) : 0U;
        const unsigned code = (lead & 0x1fU) << 6U | (next & 0x3fU);
        if ((lead & 0xe0U) != 0xc0 || (next & 0xc0U) != 0x80 || code < 0xa0 || code > 0xff)
            return std::nullopt;
        out += static_cast<char>(code);
        ++i;
    }
    return out;
}

std::string from_latin1(std::string_view latin1)
{
    std::string out;
    for (const char character : latin1) {
        const auto code = static_cast<unsigned char>(character);
        if (code >= 0x80) {
            out += static_cast<char>(0xc0U | code >> 6U);
            out += static_cast<char>(0x80U | (code & 0x3fU));
        } else {
            out += character;
        }
    }
    return out;
}

std::string text_chunk(const std::string& keyword, const std::string& text)
{
    const auto latin1 = to_latin1(text);
    if (latin1 && keyword != xmp_keyword)
        return chunk("tEXt", keyword + '\0' + *latin1);
    // Not compressed, and neither a language nor a translated keyword.
    return chunk("iTXt", keyword + std::string(5, '\0') + text);
}

std::string take_until_zero(std::string_view& data)
{
    const auto end = std::min(data.find('\0'), data.size());
    std::string taken(data.substr(0, end));
    data.remove_prefix(std::min(end + 1, data.size()));
    return taken;
}

constexpr std::size_t longest_text = 16 << 20;

std::string inflated(std::string_view text)
{
    try {
        return inflate_zlib(text, longest_text);
    } catch (const Error&) {
        return {};
    }
}

enum class Compressed { LeaveOut, Read };

void add_text(std::string_view type, std::string_view data, Compressed compressed, PngTexts& texts)
{
    if (type == "tEXt") {
        auto keyword = take_until_zero(data);
        texts.emplace_back(std::move(keyword), from_latin1(data));
    } else if (type == "zTXt" && compressed == Compressed::Read) {
        auto keyword = take_until_zero(data);
        data.remove_prefix(std::min<std::size_t>(1, data.size()));
        texts.emplace_back(std::move(keyword), from_latin1(inflated(data)));
    } else if (type == "iTXt") {
        auto keyword = take_until_zero(data);
        if (data.size() < 2)
            return;
        const bool deflated = data[0] != 0;
        if (deflated && compressed == Compressed::LeaveOut)
            return;
        data.remove_prefix(2);
        take_until_zero(data);
        take_until_zero(data);
        texts.emplace_back(std::move(keyword), deflated ? inflated(data) : std::string(data));
    }
}

constexpr std::size_t chunk_frame = 12; // length, type, CRC

struct Chunk {
    std::string_view type, data, all;
};

bool take_chunk(std::string_view& rest, Chunk& chunk)
{
    if (rest.size() < chunk_frame || rest.size() - chunk_frame < read_big_endian(rest))
        return false;
    const std::size_t size = read_big_endian(rest);
    chunk = { rest.substr(4, 4), rest.substr(8, size), rest.substr(0, chunk_frame + size) };
    rest.remove_prefix(chunk_frame + size);
    return true;
}

/// Critical chunks, and those that colour, blend or animate the picture.
bool decides_looks(std::string_view type)
{
    constexpr std::array<std::string_view, 11> others
        = { "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "pHYs", "bKGD", "acTL", "fcTL", "fdAT" };
    return (type[0] >= 'A' && type[0] <= 'Z')
        || std::find(others.begin(), others.end(), type) != others.end();
}

[[noreturn]] void fail_short()
{
    throw Error("This PNG picture is cut short; copy it again.");
}

} // namespace

std::string encode_png(const Image& image, const PngTexts& texts)
{
    const std::size_t row = static_cast<std::size_t>(image.width) * 3;
    if (image.width <= 0 || image.height <= 0
        || image.rgb.size() != row * static_cast<std::size_t>(image.height))
        throw Error("A picture without pixels can't be written; draw it first.");

    std::string lines;
    lines.reserve((row + 1) * static_cast<std::size_t>(image.height));
    const char* pixels = reinterpret_cast<const char*>(image.rgb.data());
    for (int y = 0; y < image.height; ++y, pixels += row) {
        lines += '\0'; // no filter
        lines.append(pixels, row);
    }
    const std::string format = { 8, 2, 0, 0, 0 }; // bits, RGB, deflate, filter method, not interlaced

    std::string png(signature);
    png += chunk("IHDR",
                 big_endian(static_cast<std::uint32_t>(image.width))
                     + big_endian(static_cast<std::uint32_t>(image.height)) + format);
    for (const auto& [keyword, text] : texts)
        png += text_chunk(keyword, text);
    png += chunk("IDAT", stored_zlib(lines));
    png += chunk("IEND", {});
    return png;
}

PngTexts png_texts(std::string_view png)
{
    if (!png.starts_with(signature))
        throw Error("This is not a PNG picture; choose one that Reverie drew.");
    png.remove_prefix(signature.size());

    PngTexts texts;
    Chunk chunk;
    do {
        if (!take_chunk(png, chunk))
            fail_short();
        add_text(chunk.type, chunk.data, Compressed::LeaveOut, texts);
    } while (chunk.type != "IEND");
    return texts;
}

PngTexts whole_png_texts(std::string_view png)
{
    PngTexts texts;
    Chunk chunk;
    png.remove_prefix(std::min(png.size(), signature.size()));
    while (take_chunk(png, chunk) && chunk.type != "IEND") {
        if (chunk.type == "eXIf")
            for (auto& text : exif_texts(chunk.data))
                texts.push_back(std::move(text));
        else
            add_text(chunk.type, chunk.data, Compressed::Read, texts);
    }
    return texts;
}

std::string png_with_texts(std::string_view png, const PngTexts& texts)
{
    std::string out(signature);
    Chunk chunk;
    png.remove_prefix(std::min(png.size(), signature.size()));
    do {
        if (!take_chunk(png, chunk))
            fail_short();
        if (decides_looks(chunk.type))
            out += chunk.all;
        if (chunk.type == "IHDR")
            for (const auto& [keyword, text] : texts)
                out += text_chunk(keyword, text);
    } while (chunk.type != "IEND");
    return out;
}

} // namespace reverie
