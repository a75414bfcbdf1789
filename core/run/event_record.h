// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace reverie {

/// CRC-32C, rotated and offset as TFRecord wants it, so that a checksum of checksums stays one.
std::uint32_t masked_crc(std::string_view bytes);

} // namespace reverie
