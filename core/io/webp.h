// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/picture_texts.h"

#include <string_view>

namespace reverie {

/// What stands in a WebP's EXIF and XMP chunks, as far as they are whole.
PictureTexts webp_texts(std::string_view webp);

/// The same picture with these EXIF and XMP chunks (empty: none) and no other metadata; the colour profile
/// stays. Throws Error if it is damaged.
std::string webp_with(std::string_view webp, std::string_view exif, std::string_view xmp);

} // namespace reverie
