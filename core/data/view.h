// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"
#include "core/base/picture_options.h"
#include "core/data/lanczos.h"

#include <array>
#include <cstdint>

namespace reverie {

/// Which part of a picture is seen.
struct View {
    Box part;
    bool mirrored = false;
};

/// Throws UsageError that names the first option which can't be used.
void check_picture_options(const PictureOptions& options);
/// Red, green, blue of "#rrggbb". Throws UsageError.
std::array<std::uint8_t, 3> parse_colour(const std::string& text);

/// What evaluation sees: the middle square, or everything.
View middle_view(int width, int height, const PictureOptions& options);
/// A random resized crop, mirrored or not. It follows from `key` alone.
View random_view(int width, int height, const PictureOptions& options, std::uint64_t key);

/// The view at `size` pixels a side, into uint8 (3, size, size).
void render(const Image& picture, const View& view, const PictureOptions& options, int size,
            std::uint8_t* planes);

} // namespace reverie
