// SPDX-License-Identifier: MIT
#include "core/io/pickle_text.h"

#include "core/base/utf8.h"

#include <vector>

namespace reverie {

namespace {

int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
        : c >= 'a' && c <= 'f'  ? c - 'a' + 10
        : c >= 'A' && c <= 'F'  ? c - 'A' + 10
                                : -1;
}

} // namespace

std::string decimal(std::string_view bytes)
{
    const bool negative = (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0;
    std::vector<unsigned> magnitude;
    unsigned carry = negative ? 1 : 0;
    for (const char byte : bytes) {
        const unsigned digit = (static_cast<unsigned char>(byte) ^ (negative ? 0xffU : 0U)) + carry;
        magnitude.push_back(digit & 0xffU);
        carry = digit >> 8U;
    }
    std::string digits;
    while (!magnitude.empty()) {
        unsigned rest = 0;
        for (std::size_t i = magnitude.size(); i-- > 0;) {
            rest = rest << 8U | magnitude[i];
            magnitude[i] = rest / 10;
            rest %= 10;
        }
        digits += static_cast<char>('0' + rest);
        while (!magnitude.empty() && magnitude.back() == 0)
            magnitude.pop_back();
    }
    if (negative)
        digits += '-';
    return { digits.rbegin(), digits.rend() };
}

std::optional<std::string> unescaped(std::string_view text)
{
    if (text.size() < 2 || text.front() != text.back() || (text.front() != '\'' && text.front() != '"'))
        return std::nullopt;
    text = text.substr(1, text.size() - 2);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        const char c = text[++i];
        const bool hex
            = c == 'x' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        if (hex) {
            out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            out += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
    }
    return out;
}

std::string from_raw_unicode_escape(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '\\' && i + 1 < text.size();
        const std::size_t digits = !escape ? 0 : text[i + 1] == 'u' ? 4 : text[i + 1] == 'U' ? 8 : 0;
        char32_t code = static_cast<unsigned char>(text[i]);
        if (digits > 0 && i + 1 + digits < text.size()) {
            char32_t value = 0;
            bool right = true;
            for (std::size_t k = 0; k < digits; ++k) {
                const int digit = hex_digit(text[i + 2 + k]);
                right = right && digit >= 0;
                value = value << 4U | static_cast<char32_t>(digit & 0xf);
            }
            if (right) {
                code = value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ? U'\uFFFD' : value;
                i += 1 + digits;
            }
        }
        append_utf8(out, code);
    }
    return out;
}

} // namespace reverie
