// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace reverie {

/// Code points of `text`; every byte that belongs to no well-formed sequence becomes one U+FFFD.
std::u32string decode_utf8(std::string_view text);

/// Appends one code point, which must not be a surrogate.
void append_utf8(std::string& out, char32_t code);

/// Well-formed: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

} // namespace reverie
