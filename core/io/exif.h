// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/picture_texts.h"

#include <string_view>

namespace reverie {

/// A TIFF block whose UserComment is `text` in UTF-16, the way A1111 and its readers keep `parameters` in
/// JPEG and WebP.
std::string exif_with_comment(std::string_view text);

/// The texts of a TIFF block: UserComment as `parameters`, and what stands behind `keyword:` in any ASCII
/// field, which is where ComfyUI puts its graphs. Empty where the block is damaged.
PictureTexts exif_texts(std::string_view exif);

} // namespace reverie
