// SPDX-License-Identifier: MIT
#include "core/io/inflate.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace reverie {

namespace {

constexpr int longest_code = 15;

[[noreturn]] void fail()
{
    throw Error("Compressed text in the picture is damaged; copy the picture again.");
}

/// Bits of a deflate stream, least significant first.
class Bits
{
public:
    explicit Bits(std::string_view bytes)
        : bytes_(bytes)
    {
    }

    unsigned take(int count)
    {
        while (held_ < count) {
            if (at_ >= bytes_.size())
                fail();
            bits_ |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes_[at_++])) << held_;
            held_ += 8;
        }
        const unsigned value = bits_ & ((1U << count) - 1U);
        bits_ >>= count;
        held_ -= count;
        return value;
    }

    std::string_view take_bytes(std::size_t count)
    {
        if (count > bytes_.size() - at_)
            fail();
        at_ += count;
        return bytes_.substr(at_ - count, count);
    }

    void to_next_byte() { held_ = 0, bits_ = 0; }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    std::uint32_t bits_ = 0;
    int held_ = 0;
};

/// A canonical Huffman code (RFC 1951, 3.2.2).
class Code
{
public:
    explicit Code(std::span<const std::uint8_t> lengths)
    {
        for (const auto length : lengths)
            ++count_[length];
        count_[0] = 0;
        std::array<std::uint16_t, longest_code + 2> first{};
        for (int length = 1; length <= longest_code; ++length)
            first[length + 1] = first[length] + count_[length];
        symbols_.resize(first[longest_code + 1]);
        for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol)
            if (lengths[symbol] > 0)
                symbols_[first[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
    }

    unsigned read(Bits& bits) const
    {
        int code = 0, first = 0, index = 0;
        for (int length = 1; length <= longest_code; ++length) {
            code |= static_cast<int>(bits.take(1));
            const auto at = static_cast<std::size_t>(index + code - first);
            if (code - first < count_[length])
                return at < symbols_.size() ? symbols_[at] : (fail(), 0U);
            index += count_[length];
            first = (first + count_[length]) << 1;
            code <<= 1;
        }
        fail();
    }

private:
    std::array<std::uint16_t, longest_code + 1> count_{};
    std::vector<std::uint16_t> symbols_;
};

struct Codes {
    Code literals, distances;
};

Codes fixed_codes()
{
    std::array<std::uint8_t, 288> lengths{};
    for (int i = 0; i < 288; ++i)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    std::array<std::uint8_t, 30> distances{};
    distances.fill(5);
    return { Code(lengths), Code(distances) };
}

Codes read_codes(Bits& bits)
{
    constexpr std::array<int, 19> order
        = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
    const std::size_t literals = bits.take(5) + 257, distances = bits.take(5) + 1, count = bits.take(4) + 4;
    std::array<std::uint8_t, 19> first{};
    for (std::size_t i = 0; i < count; ++i)
        first[order[i]] = static_cast<std::uint8_t>(bits.take(3));
    const Code code(first);
    std::array<std::uint8_t, 320> lengths{};
    for (std::size_t i = 0; i < literals + distances;) {
        const unsigned symbol = code.read(bits);
        if (symbol < 16) {
            lengths[i++] = static_cast<std::uint8_t>(symbol);
            continue;
        }
        if (symbol == 16 && i == 0)
            fail();
        const std::uint8_t repeated = symbol == 16 ? lengths[i - 1] : 0;
        std::size_t times = symbol == 16 ? 3 + bits.take(2)
            : symbol == 17               ? 3 + bits.take(3)
                                         : 11 + bits.take(7);
        for (; times > 0 && i < literals + distances; --times)
            lengths[i++] = repeated;
    }
    const std::span<const std::uint8_t> all(lengths);
    return { Code(all.first(literals)), Code(all.subspan(literals, distances)) };
}

void copy_block(Bits& bits, const Codes& codes, std::string& out, std::size_t limit)
{
    constexpr std::array<std::uint16_t, 29> bases
        = { 3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
            31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258 };
    for (;;) {
        const unsigned symbol = codes.literals.read(bits);
        if (symbol == 256)
            return;
        if (symbol < 256) {
            out += static_cast<char>(symbol);
        } else {
            const unsigned index = symbol - 257;
            if (index >= bases.size())
                fail();
            const int length_bits = index < 8 || index == 28 ? 0 : static_cast<int>(index) / 4 - 1;
            const std::size_t length = bases[index] + bits.take(length_bits);
            const unsigned slot = codes.distances.read(bits);
            if (slot >= 30)
                fail();
            const int distance_bits = slot < 4 ? 0 : static_cast<int>(slot) / 2 - 1;
            const std::size_t base = slot < 4 ? slot + 1 : ((2U + (slot & 1U)) << distance_bits) + 1;
            const std::size_t distance = base + bits.take(distance_bits);
            if (distance > out.size())
                fail();
            for (std::size_t i = 0; i < length; ++i)
                out += out[out.size() - distance];
        }
        if (out.size() > limit)
            fail();
    }
}

void copy_stored(Bits& bits, std::string& out, std::size_t limit)
{
    bits.to_next_byte();
    const auto head = bits.take_bytes(4);
    const std::size_t size = static_cast<unsigned char>(head[0])
        | static_cast<std::size_t>(static_cast<unsigned char>(head[1])) << 8U;
    if (out.size() + size > limit)
        fail();
    out += bits.take_bytes(size);
}

} // namespace

std::string inflate_zlib(std::string_view zlib, std::size_t limit)
{
    if (zlib.size() < 2 || (zlib[0] & 0x0f) != 8)
        fail();
    return inflate(zlib.substr(2), limit);
}

std::string inflate(std::string_view deflated, std::size_t limit)
{
    Bits bits(deflated);
    std::string out;
    for (bool last = false; !last;) {
        last = bits.take(1) != 0;
        switch (bits.take(2)) {
        case 0:
            copy_stored(bits, out, limit);
            break;
        case 1:
            copy_block(bits, fixed_codes(), out, limit);
            break;
        case 2:
            copy_block(bits, read_codes(bits), out, limit);
            break;
        default:
            fail();
        }
    }
    return out;
}

} // namespace reverie
