// SPDX-License-Identifier: MIT
#include "core/run/event_record.h"

#include <array>
#include <bit>

namespace reverie {

namespace {

/// Table of the Castagnoli polynomial, bits reversed.
constexpr std::array<std::uint32_t, 256> crc_table()
{
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value >> 1U) ^ ((value & 1U) ? 0x82f63b78U : 0U);
        table[i] = value;
    }
    return table;
}

} // namespace

std::uint32_t masked_crc(std::string_view bytes)
{
    static constexpr auto table = crc_table();
    std::uint32_t crc = 0xffffffffU;
    for (const unsigned char byte : bytes)
        crc = table[(crc ^ byte) & 0xffU] ^ (crc >> 8U);
    return std::rotr(~crc, 15) + 0xa282ead8U;
}

} // namespace reverie
