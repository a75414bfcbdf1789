// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reverie {

using PngTexts = std::vector<std::pair<std::string, std::string>>; ///< keyword, UTF-8 text

/// An 8-bit RGB PNG whose pixels are stored, not compressed. Texts go into tEXt where Latin-1 holds them,
/// else into iTXt; the keyword "XML:com.adobe.xmp" always into iTXt.
std::string encode_png(const Image& image, const PngTexts& texts = {});

/// The uncompressed tEXt and iTXt chunks of a PNG. Throws Error if it is none.
PngTexts png_texts(std::string_view png);

} // namespace reverie
