// SPDX-License-Identifier: MIT
#include "core/data/view.h"

#include "core/base/error.h"
#include "core/base/random_key.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace reverie {

namespace {

/// The n-th number in [0, 1) of a key.
double uniform(std::uint64_t key, std::uint64_t n)
{
    return static_cast<double>(random_key({ key, n }) >> 11U) * 0x1p-53;
}

} // namespace

void check_picture_options(const PictureOptions& options)
{
    if (options.resize != "crop" && options.resize != "pad" && options.resize != "stretch")
        throw UsageError("The option pictures.resize must be crop, pad or stretch, not \"" + options.resize
                         + "\".");
    if (!(options.crop_scale > 0 && options.crop_scale <= 1))
        throw UsageError("The option pictures.crop_scale must be above 0 and at most 1, not "
                         + std::to_string(options.crop_scale) + ".");
    if (!(options.crop_ratio >= 1 && options.crop_ratio <= 4))
        throw UsageError("The option pictures.crop_ratio must be 1 to 4, not "
                         + std::to_string(options.crop_ratio) + ".");
    parse_colour(options.background);
}

std::array<std::uint8_t, 3> parse_colour(const std::string& text)
{
    std::uint32_t rgb = 0;
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = text.size() == 7 ? std::from_chars(text.data() + 1, end, rgb, 16)
                                                   : std::from_chars(end, end, rgb, 16);
    if (error != std::errc() || stopped != end || text[0] != '#')
        throw UsageError("\"" + text + "\" is no colour; write one like #ffffff.");
    return { static_cast<std::uint8_t>(rgb >> 16U), static_cast<std::uint8_t>(rgb >> 8U),
             static_cast<std::uint8_t>(rgb) };
}

View middle_view(int width, int height, const PictureOptions& options)
{
    if (options.resize != "crop")
        return { { 0, 0, double(width), double(height) } };
    const double side = std::min(width, height);
    return { { (width - side) / 2, (height - side) / 2, side, side } };
}

View random_view(int width, int height, const PictureOptions& options, std::uint64_t key)
{
    auto view = middle_view(width, height, options);
    view.mirrored = options.flip && uniform(key, 0) < 0.5;
    if (options.resize != "crop" || (options.crop_scale == 1 && options.crop_ratio == 1))
        return view;
    const double share = options.crop_scale + (1 - options.crop_scale) * uniform(key, 1);
    const double ratio = std::pow(options.crop_ratio, 2 * uniform(key, 2) - 1);
    auto& part = view.part;
    const double side = part.width * std::sqrt(share);
    part.width = std::min<double>(width, side * std::sqrt(ratio));
    part.height = std::min<double>(height, side / std::sqrt(ratio));
    part.left = (width - part.width) * uniform(key, 3);
    part.top = (height - part.height) * uniform(key, 4);
    return view;
}

void render(const Image& picture, const View& view, const PictureOptions& options, int size,
            std::uint8_t* planes)
{
    int width = size, height = size;
    if (options.resize == "pad") {
        const double scale = size / std::max(view.part.width, view.part.height);
        width = std::max(1, int(std::lround(view.part.width * scale)));
        height = std::max(1, int(std::lround(view.part.height * scale)));
    }
    const auto resized = resize_lanczos(picture, view.part, width, height);
    const auto background = parse_colour(options.background);
    const int left = (size - width) / 2, top = (size - height) / 2;
    for (int channel = 0; channel < 3; ++channel) {
        auto* plane = planes + std::ptrdiff_t{ channel } * size * size;
        if (width < size || height < size)
            std::fill_n(plane, std::ptrdiff_t{ size } * size, background[std::size_t(channel)]);
        for (int y = 0; y < height; ++y) {
            const auto* from = resized.rgb.data() + std::ptrdiff_t{ y } * width * 3 + channel;
            auto* to = plane + std::ptrdiff_t{ top + y } * size + left;
            for (int x = 0; x < width; ++x)
                to[view.mirrored ? width - 1 - x : x] = from[std::ptrdiff_t{ x } * 3];
        }
    }
}

} // namespace reverie
