// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace reverie {

/// Decodes a JPEG, PNG, WebP, GIF (its first frame) or BMP file: upright, as its EXIF orientation says, in
/// sRGB, and over `background` where it is transparent. A large JPEG is reduced on the way if its shorter
/// side keeps `enough` pixels (0: never). From any thread. Throws Error, which calls the picture by `name`.
Image decode_picture(std::string_view file, const std::string& name,
                     const std::array<std::uint8_t, 3>& background, int enough);

/// To be called before the first picture is decoded, from a thread that lives on. Throws Error if this build
/// can't decode pictures.
void need_picture_decoder();

/// Whether a file of this name is taken for a picture.
bool is_picture_name(std::string_view name);

} // namespace reverie
