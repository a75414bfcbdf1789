// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/picture_texts.h"

#include <string_view>

namespace reverie {

/// What stands in a JPEG's EXIF, XMP and comment segments, as far as it is whole.
PictureTexts jpeg_texts(std::string_view jpeg);

/// The same picture with these EXIF and XMP blocks (empty: none) and no other metadata; the colour profile
/// stays. Throws Error if it is damaged or a block is longer than a segment.
std::string jpeg_with(std::string_view jpeg, std::string_view exif, std::string_view xmp);

} // namespace reverie
