// SPDX-License-Identifier: MIT
#pragma once

#include <string>

/// What the tokenizer needs to know about Unicode text, in code points.
namespace reverie::text {

bool is_letter(char32_t code); ///< \p{L}
bool is_number(char32_t code); ///< \p{N}
bool is_space(char32_t code); ///< as Python's str.isspace

std::u32string to_lower(const std::u32string& text); ///< full mapping, final sigma included
std::u32string to_nfc(const std::u32string& text); ///< canonical composition (UAX 15)

/// Replaces HTML 5 character references as browsers do, with or without their semicolon.
std::u32string unescape_html(const std::u32string& text);

/// Mends text as ftfy would, mojibake excepted: straight quotes, single letters for ligatures, normal-width
/// forms, line ends, no terminal escapes or control characters, NFC.
std::u32string repair(const std::u32string& text);

} // namespace reverie::text
