// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <memory>
#include <string>

namespace reverie {

/// A font whose glyphs are PNG pictures (tables CBLC and CBDT). Needs Qt for shaping and for decoding.
class ColourFont
{
public:
    /// Throws Error if the font isn't installed or has no pictures.
    explicit ColourFont(const std::string& family);
    ~ColourFont();

    /// The picture of a text that the font draws as one glyph, over white, centred in a square as wide as the
    /// font's largest pictures. Throws Error for a text that it can't draw so.
    [[nodiscard]] Image draw(const std::string& utf8) const;
    [[nodiscard]] int side() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace reverie
