// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reverie {

/// What a zlib stream (RFC 1950, 1951) holds. Throws Error if it is damaged or holds more than `limit` bytes.
/// The checksum is not looked at.
std::string inflate_zlib(std::string_view zlib, std::size_t limit);

/// The same of a bare deflate stream (RFC 1951).
std::string inflate(std::string_view deflated, std::size_t limit);

} // namespace reverie
