// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace reverie {

/// Decimal digits of a little-endian two's complement number of at least one byte.
std::string decimal(std::string_view bytes);

/// Protocol 0 of pickles: 'text' with Python's escapes. None without its quotes.
std::optional<std::string> unescaped(std::string_view text);

/// Protocol 0 of pickles: Latin-1 with \uXXXX and \UXXXXXXXX, as UTF-8.
std::string from_raw_unicode_escape(std::string_view text);

} // namespace reverie
