// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace reverie {

/// How a picture of any shape becomes a square.
struct PictureOptions {
    std::string resize = "crop"; ///< crop (the middle square) | pad (all of it, between bars) | stretch
    double crop_scale = 1; ///< with "crop": training sees random parts of at least this share of the middle
                           ///< square's area; 1: always the middle
    double crop_ratio = 1; ///< and such parts are up to this many times as wide as high, or as high as wide
    bool flip = false; ///< half of the pictures are mirrored; not where captions tell left from right
    std::string background = "#ffffff"; ///< behind transparent pixels, and of the bars
    static void visit(auto& self, auto&& field)
    {
        field("resize", self.resize);
        field("crop_scale", self.crop_scale);
        field("crop_ratio", self.crop_ratio);
        field("flip", self.flip);
        field("background", self.background);
    }
};

} // namespace reverie
