// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

namespace reverie {

/// A square part of a picture, in its pixels.
struct PictureSquare {
    int left = 0, top = 0, side = 0;
};

/// What a model draws of a picture a part of which is drawn anew: a square as large as the mask's shorter
/// side, as near to its middle as what is brighter than half allows. Throws UsageError if that part is longer
/// than the square.
PictureSquare square_to_inpaint(const Image& mask);

Image cut(const Image& picture, const PictureSquare& square);

/// The picture with what is brighter than half in the mask, which is as large, taken from `drawn`, the
/// square's pixels: from half to white ever more of them. Every other pixel stays exactly as it is.
Image pasted(Image picture, const Image& mask, const PictureSquare& square, const Image& drawn);

} // namespace reverie
