// SPDX-License-Identifier: MIT
#include "core/api/inpainting_square.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace reverie {

namespace {

constexpr int channels = 3;
constexpr double half = 0.5, white = 254. / 255;

std::size_t offset_of(const Image& image, int x, int y)
{
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(x))
        * channels;
}

/// Share of what is drawn in a pixel.
double share_at(const Image& mask, int x, int y)
{
    const auto* rgb = &mask.rgb[offset_of(mask, x, y)];
    const double grey = (rgb[0] + rgb[1] + rgb[2]) / (channels * 255.);
    return grey <= half ? 0 : grey >= white ? 1 : (grey - half) / half;
}

/// Where a square begins along the longer side of a picture, `first` to `last` being drawn anew.
int begin_of(int length, int side, int first, int last)
{
    if (last - first + 1 > side)
        throw UsageError("What is to be drawn anew is " + std::to_string(last - first + 1)
                         + " pixels long, but of this picture a square of " + std::to_string(side)
                         + " pixels is drawn at a time; choose less of it.");
    return std::clamp((length - side) / 2, std::max(0, last + 1 - side), std::min(first, length - side));
}

} // namespace

PictureSquare square_to_inpaint(const Image& mask)
{
    PictureSquare square{ .side = std::min(mask.width, mask.height) };
    const bool wide = mask.width > mask.height;
    const int length = std::max(mask.width, mask.height);
    int first = length, last = -1;
    for (int y = 0; y < mask.height; ++y)
        for (int x = 0; x < mask.width; ++x)
            if (share_at(mask, x, y) > 0) {
                first = std::min(first, wide ? x : y);
                last = std::max(last, wide ? x : y);
            }
    const int begin = last < 0 ? (length - square.side) / 2 : begin_of(length, square.side, first, last);
    (wide ? square.left : square.top) = begin;
    return square;
}

Image cut(const Image& picture, const PictureSquare& square)
{
    Image part{ square.side, square.side, {} };
    for (int y = 0; y < square.side; ++y) {
        const auto* row = picture.rgb.data() + offset_of(picture, square.left, square.top + y);
        part.rgb.insert(part.rgb.end(), row, row + static_cast<std::ptrdiff_t>(square.side) * channels);
    }
    return part;
}

Image pasted(Image picture, const Image& mask, const PictureSquare& square, const Image& drawn)
{
    for (int y = 0; y < square.side; ++y)
        for (int x = 0; x < square.side; ++x) {
            const double share = share_at(mask, square.left + x, square.top + y);
            if (share == 0)
                continue;
            auto* to = &picture.rgb[offset_of(picture, square.left + x, square.top + y)];
            const auto* from = &drawn.rgb[offset_of(drawn, x, y)];
            for (int channel = 0; channel < channels; ++channel)
                to[channel] = static_cast<std::uint8_t>(
                    std::lround(to[channel] + share * (from[channel] - to[channel])));
        }
    return picture;
}

} // namespace reverie
