// SPDX-License-Identifier: MIT
#include "core/io/qoi.h"

#include "core/base/error.h"

#include <array>

namespace reverie {

namespace {

constexpr std::string_view magic = "qoif";
constexpr std::size_t header_bytes = 14, end_bytes = 8;
constexpr int longest_run = 62;
constexpr unsigned op_index = 0x00, op_diff = 0x40, op_luma = 0x80, op_run = 0xc0, op_rgb = 0xfe,
                   op_mask = 0xc0;

struct Pixel {
    std::uint8_t r = 0, g = 0, b = 0;
    friend bool operator==(const Pixel&, const Pixel&) = default;
};

/// Its place in the table of pixels seen; alpha is always 255.
std::size_t place_of(const Pixel& p)
{
    return (p.r * 3U + p.g * 5U + p.b * 7U + 255U * 11U) % 64;
}

void put_number(std::string& out, std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(value >> unsigned(shift));
}

std::uint32_t number_at(std::string_view file, std::size_t at)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8U | static_cast<unsigned char>(file[at + i]);
    return value;
}

void put_pixel(std::string& out, const Pixel& pixel, const Pixel& before)
{
    const auto dr = static_cast<std::int8_t>(pixel.r - before.r),
               dg = static_cast<std::int8_t>(pixel.g - before.g),
               db = static_cast<std::int8_t>(pixel.b - before.b);
    const auto within = [](int value, int least, int most) { return value >= least && value <= most; };
    if (within(dr, -2, 1) && within(dg, -2, 1) && within(db, -2, 1)) {
        out += static_cast<char>(op_diff | unsigned(dr + 2) << 4U | unsigned(dg + 2) << 2U
                                 | unsigned(db + 2));
    } else if (within(dg, -32, 31) && within(dr - dg, -8, 7) && within(db - dg, -8, 7)) {
        out += static_cast<char>(op_luma | unsigned(dg + 32));
        out += static_cast<char>(unsigned(dr - dg + 8) << 4U | unsigned(db - dg + 8));
    } else {
        out += static_cast<char>(op_rgb);
        for (const auto channel : { pixel.r, pixel.g, pixel.b })
            out += static_cast<char>(channel);
    }
}

} // namespace

std::string encode_qoi(const Image& image)
{
    std::string out(magic);
    put_number(out, std::uint32_t(image.width));
    put_number(out, std::uint32_t(image.height));
    out += '\3'; // channels
    out += '\0'; // sRGB
    std::array<Pixel, 64> seen{};
    std::array<bool, 64> is_seen{};
    Pixel before;
    int run = 0;
    const auto end_run = [&] {
        if (run > 0)
            out += static_cast<char>(op_run | unsigned(run - 1));
        run = 0;
    };
    for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
        const Pixel pixel{ image.rgb[i], image.rgb[i + 1], image.rgb[i + 2] };
        if (pixel == before) {
            if (++run == longest_run)
                end_run();
            continue;
        }
        end_run();
        const auto place = place_of(pixel);
        if (is_seen[place] && seen[place] == pixel)
            out += static_cast<char>(op_index | place);
        else
            put_pixel(out, pixel, before);
        seen[place] = pixel;
        is_seen[place] = true;
        before = pixel;
    }
    end_run();
    out.append(end_bytes - 1, '\0');
    return out += '\1';
}

Image decode_qoi(std::string_view file)
{
    constexpr std::uint64_t most_pixels = 1U << 28U;
    const auto fail = [] { throw Error("A picture of the pack is damaged; pack the data set again."); };
    if (!file.starts_with(magic) || file.size() < header_bytes + end_bytes)
        fail();
    const std::uint64_t width = number_at(file, 4), height = number_at(file, 8), count = width * height;
    // A byte makes at most one run.
    if (width == 0 || height == 0 || width > most_pixels || height > most_pixels || count > most_pixels
        || count > file.size() * std::uint64_t{ longest_run })
        fail();
    Image image{ int(width), int(height), {} };
    image.rgb.reserve(count * 3);
    std::array<Pixel, 64> seen{};
    Pixel pixel;
    std::size_t at = header_bytes;
    const auto next = [&]() -> unsigned {
        if (at >= file.size() - end_bytes)
            fail();
        return static_cast<unsigned char>(file[at++]);
    };
    for (std::uint64_t done = 0; done < count;) {
        const unsigned op = next();
        unsigned run = 1;
        if (op == op_rgb) {
            pixel.r = std::uint8_t(next());
            pixel.g = std::uint8_t(next());
            pixel.b = std::uint8_t(next());
        } else if (op == 0xff) { // with alpha: not what encode_qoi() writes
            fail();
        } else if ((op & op_mask) == op_index) {
            pixel = seen[op];
        } else if ((op & op_mask) == op_diff) {
            pixel.r = std::uint8_t(pixel.r + (op >> 4U & 3U) - 2);
            pixel.g = std::uint8_t(pixel.g + (op >> 2U & 3U) - 2);
            pixel.b = std::uint8_t(pixel.b + (op & 3U) - 2);
        } else if ((op & op_mask) == op_luma) {
            const unsigned more = next(), green = (op & 63U) - 32;
            pixel.r = std::uint8_t(pixel.r + green + (more >> 4U) - 8);
            pixel.g = std::uint8_t(pixel.g + green);
            pixel.b = std::uint8_t(pixel.b + green + (more & 15U) - 8);
        } else {
            run = (op & 63U) + 1;
        }
        seen[place_of(pixel)] = pixel;
        for (; run > 0 && done < count; --run, ++done)
            image.rgb.insert(image.rgb.end(), { pixel.r, pixel.g, pixel.b });
    }
    return image;
}

} // namespace reverie
