// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <string>

/// Tells what colours a picture on white shows, by hue alone. It knows the words for colours and nothing of
/// how anybody draws them.
namespace colour_judge {

/// The word for a pixel; empty for what is background or no clear colour.
inline std::string colour_of(int red, int green, int blue)
{
    const int most = std::max({ red, green, blue }), least = std::min({ red, green, blue });
    const double saturation = most > 0 ? double(most - least) / most : 0;
    if (least > 190)
        return ""; // background and pale edges
    if (most < 90 || (saturation < 0.25 && most < 170))
        return "black";
    if (saturation < 0.25)
        return "";
    const double range = most - least;
    double hue = most == red ? 60 * (green - blue) / range
        : most == green      ? 120 + 60 * (blue - red) / range
                             : 240 + 60 * (red - green) / range;
    hue = std::fmod(hue + 360, 360);
    struct Sector {
        double end;
        const char* word;
    };
    constexpr std::array<Sector, 8> sectors = { { { 14, "red" },
                                                  { 40, "orange" },
                                                  { 80, "yellow" },
                                                  { 170, "green" },
                                                  { 248, "blue" },
                                                  { 303, "purple" },
                                                  { 345, "pink" },
                                                  { 360, "red" } } };
    for (const auto& sector : sectors)
        if (hue < sector.end)
            return sector.word;
    return "red";
}

/// Shares of the coloured pixels; empty if less than one pixel in a hundred has a colour.
inline std::map<std::string, double> shares(const reverie::Image& picture)
{
    std::map<std::string, double> shares;
    double coloured = 0;
    for (std::size_t i = 0; i + 2 < picture.rgb.size(); i += 3)
        if (const auto word = colour_of(picture.rgb[i], picture.rgb[i + 1], picture.rgb[i + 2]);
            !word.empty()) {
            ++shares[word];
            ++coloured;
        }
    if (coloured * 100 < double(picture.rgb.size() / 3))
        return {};
    for (auto& [word, share] : shares)
        share /= coloured;
    return shares;
}

/// The words for colours in a caption.
inline std::set<std::string> colours_in(const std::string& caption)
{
    std::istringstream words(caption);
    std::set<std::string> found;
    for (std::string word; words >> word;)
        for (const char* colour : { "red", "green", "blue", "yellow", "orange", "purple", "pink", "black" })
            if (word == colour)
                found.insert(word);
    return found;
}

/// Whether the colours the caption names are the ones that the picture shows: together they have more than
/// half of what is coloured, and each at least a tenth and more than any colour that is not named.
inline bool agrees(const std::string& caption, const reverie::Image& picture)
{
    double named = 0, least_named = 1, most_other = 0;
    auto found = shares(picture);
    for (const auto& colour : colours_in(caption)) {
        named += found[colour];
        least_named = std::min(least_named, found[colour]);
        found.erase(colour);
    }
    for (const auto& [colour, share] : found)
        most_other = std::max(most_other, share);
    return named > 0.5 && least_named >= 0.1 && least_named > most_other;
}

} // namespace colour_judge
