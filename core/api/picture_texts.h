// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/picture_texts.h"

#include <optional>
#include <string_view>

namespace reverie {

enum class PictureFormat { Png, Jpeg, Webp };

/// By the first bytes; nothing if it is none of them.
std::optional<PictureFormat> picture_format(std::string_view picture);

/// The texts of a PNG, JPEG or WebP under the keywords they have in PNG: `parameters`, `reverie`,
/// `XML:com.adobe.xmp`, `prompt`, `workflow`, ... Empty for other files; of a damaged one, what comes before
/// the damage.
PictureTexts picture_texts(std::string_view picture);

/// The same pixels with these texts and no others. JPEG and WebP hold `parameters` (EXIF), the XMP packet
/// and, inside of it, `reverie`; the rest is left out. Throws Error if it is no such picture, is damaged, or
/// a text is too long for a JPEG.
std::string with_texts(std::string_view picture, const PictureTexts& texts);

/// The same pixels without texts, EXIF, XMP, thumbnails or anything else that does not decide how they look.
/// Throws Error like with_texts().
std::string without_texts(std::string_view picture);

} // namespace reverie
