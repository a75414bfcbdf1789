// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"
#include "core/base/picture_texts.h"

#include <string_view>

namespace reverie {

using PngTexts = PictureTexts;

/// An 8-bit RGB PNG whose pixels are stored, not compressed. Texts go into tEXt where Latin-1 holds them,
/// else into iTXt; the keyword "XML:com.adobe.xmp" always into iTXt.
std::string encode_png(const Image& image, const PngTexts& texts = {});

/// The uncompressed tEXt and iTXt chunks of a PNG. Throws Error if it is none.
PngTexts png_texts(std::string_view png);

/// The same and the compressed ones and those of the eXIf chunk; of a damaged PNG, what comes before the
/// damage.
PngTexts whole_png_texts(std::string_view png);

/// The same picture with these texts and no other metadata; the colour profile stays. Throws Error if it is
/// no whole PNG.
std::string png_with_texts(std::string_view png, const PngTexts& texts);

} // namespace reverie
