// SPDX-License-Identifier: MIT
#include "core/base/utf8.h"

#include <cstddef>
#include <optional>

namespace reverie {

namespace {

/// Takes one well-formed sequence off the front, or takes nothing.
std::optional<char32_t> take(std::string_view& text)
{
    const auto byte
        = [&text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned lead = byte(0);
    const std::size_t length = lead < 0x80 ? 1
        : lead < 0xc2                      ? 0
        : lead < 0xe0                      ? 2
        : lead < 0xf0                      ? 3
        : lead < 0xf5                      ? 4
                                           : 0;
    if (length == 0)
        return std::nullopt;
    char32_t code = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80)
            return std::nullopt;
        code = code << 6U | (byte(i) & 0x3fU);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if (overlong || surrogate || code > 0x10ffff)
        return std::nullopt;
    text.remove_prefix(length);
    return code;
}

} // namespace

std::u32string decode_utf8(std::string_view text)
{
    std::u32string codes;
    while (!text.empty()) {
        const auto code = take(text);
        if (!code)
            text.remove_prefix(1);
        codes += code.value_or(U'\uFFFD');
    }
    return codes;
}

void append_utf8(std::string& out, char32_t code)
{
    if (code < 0x80) {
        out += static_cast<char>(code);
        return;
    }
    const unsigned trailing = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    constexpr unsigned char leads[] = { 0x00, 0xc0, 0xe0, 0xf0 };
    out += static_cast<char>(leads[trailing] | code >> 6U * trailing);
    for (unsigned i = trailing; i-- > 0;)
        out += static_cast<char>(0x80U | (code >> 6U * i & 0x3fU));
}

bool is_utf8(std::string_view text)
{
    while (!text.empty()) {
        if (!take(text))
            return false;
    }
    return true;
}

} // namespace reverie
