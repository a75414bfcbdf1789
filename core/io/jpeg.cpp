// SPDX-License-Identifier: MIT
#include "core/io/jpeg.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/io/exif.h"

namespace reverie {

namespace {

constexpr std::string_view exif_prefix("Exif\0\0", 6);
constexpr std::string_view xmp_prefix("http://ns.adobe.com/xap/1.0/\0", 29);
constexpr unsigned start_of_image = 0xd8, end_of_image = 0xd9, start_of_scan = 0xda;
constexpr unsigned app0 = 0xe0, app1 = 0xe1, app2 = 0xe2, app14 = 0xee, app15 = 0xef, comment = 0xfe;

struct Segment {
    unsigned marker = 0;
    std::string_view body; ///< without the length
    std::string_view all; ///< from the marker on, with the scan that follows a start of scan
};

unsigned byte(std::string_view bytes, std::size_t at)
{
    return static_cast<unsigned char>(bytes[at]);
}

/// Takes the segment `rest` begins with; false if it is not whole.
bool take_segment(std::string_view& rest, Segment& segment)
{
    std::size_t at = 0;
    while (at < rest.size() && byte(rest, at) == 0xff)
        ++at;
    if (at == 0 || at >= rest.size())
        return false;
    segment.marker = byte(rest, at++);
    std::size_t end = at;
    segment.body = {};
    const bool bare = segment.marker == start_of_image || segment.marker == end_of_image
        || (segment.marker >= 0xd0 && segment.marker < 0xd8) || segment.marker == 1;
    if (!bare) {
        if (rest.size() - at < 2)
            return false;
        const std::size_t length = byte(rest, at) << 8U | byte(rest, at + 1);
        if (length < 2 || rest.size() - at < length)
            return false;
        segment.body = rest.substr(at + 2, length - 2);
        end = at + length;
    }
    if (segment.marker == start_of_scan) {
        // Inside a scan FF is followed by 00 or a restart marker.
        while (end + 1 < rest.size()
               && !(byte(rest, end) == 0xff && byte(rest, end + 1) != 0 && byte(rest, end + 1) != 0xff
                    && (byte(rest, end + 1) & 0xf8U) != 0xd0))
            ++end;
        if (end + 1 >= rest.size())
            return false;
    }
    segment.all = rest.substr(0, end);
    rest.remove_prefix(end);
    return true;
}

bool decides_looks(const Segment& segment)
{
    if (segment.marker == app0)
        return segment.body.starts_with("JFIF");
    if (segment.marker == app2)
        return segment.body.starts_with("ICC_PROFILE");
    if (segment.marker == app14)
        return segment.body.starts_with("Adobe");
    return segment.marker != comment && !(segment.marker >= app1 && segment.marker <= app15);
}

std::string app1_segment(std::string_view prefix, std::string_view body)
{
    const std::size_t length = 2 + prefix.size() + body.size();
    if (length > 0xffff)
        throw Error("What says how the picture was made is too long for a JPEG; choose PNG or WebP.");
    std::string out
        = { '\xff', static_cast<char>(app1), static_cast<char>(length >> 8U), static_cast<char>(length) };
    return out.append(prefix).append(body);
}

} // namespace

PictureTexts jpeg_texts(std::string_view jpeg)
{
    PictureTexts texts;
    Segment segment;
    while (take_segment(jpeg, segment) && segment.marker != end_of_image) {
        if (segment.marker == app1 && segment.body.starts_with(exif_prefix)) {
            for (auto& text : exif_texts(segment.body))
                texts.push_back(std::move(text));
        } else if (segment.marker == app1 && segment.body.starts_with(xmp_prefix)) {
            texts.emplace_back("XML:com.adobe.xmp", segment.body.substr(xmp_prefix.size()));
        } else if (segment.marker == comment && is_utf8(segment.body)) {
            texts.emplace_back("Comment", segment.body);
        }
    }
    return texts;
}

std::string jpeg_with(std::string_view jpeg, std::string_view exif, std::string_view xmp)
{
    std::string metadata;
    if (!exif.empty())
        metadata += app1_segment(exif_prefix, exif);
    if (!xmp.empty())
        metadata += app1_segment(xmp_prefix, xmp);

    std::string out;
    Segment segment;
    bool placed = false;
    do {
        if (!take_segment(jpeg, segment))
            throw Error("This JPEG picture is damaged; copy it again.");
        const bool head = segment.marker == start_of_image || segment.marker == app0;
        if (!head && !placed) {
            out += metadata;
            placed = true;
        }
        if (decides_looks(segment))
            out += segment.all;
    } while (segment.marker != end_of_image);
    return out;
}

} // namespace reverie
