// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <string>
#include <string_view>

namespace reverie {

/// The Quite OK Image format (qoiformat.org), lossless: what pictures in a tensor pack are compressed with.
std::string encode_qoi(const Image& image);
/// Throws Error if it is none, or cut.
Image decode_qoi(std::string_view file);

} // namespace reverie
