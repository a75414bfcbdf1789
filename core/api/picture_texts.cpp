// SPDX-License-Identifier: MIT
#include "core/api/picture_texts.h"

#include "core/base/error.h"
#include "core/io/exif.h"
#include "core/io/jpeg.h"
#include "core/io/png.h"
#include "core/io/webp.h"
#include "core/io/xmp.h"

#include <algorithm>

namespace reverie {

namespace {

constexpr const char* xmp_keyword = "XML:com.adobe.xmp";
constexpr const char* record_keyword = "reverie";

std::string text_of(const PictureTexts& texts, std::string_view keyword)
{
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [keyword](const auto& text) { return text.first == keyword; });
    return found == texts.end() ? std::string() : found->second;
}

PictureFormat known_format(std::string_view picture)
{
    const auto format = picture_format(picture);
    if (!format)
        throw Error("This is not a PNG, JPEG or WebP picture; choose one that is.");
    return *format;
}

PictureTexts texts_in(std::string_view picture)
{
    switch (known_format(picture)) {
    case PictureFormat::Png:
        return whole_png_texts(picture);
    case PictureFormat::Jpeg:
        return jpeg_texts(picture);
    case PictureFormat::Webp:
        return webp_texts(picture);
    }
    return {};
}

} // namespace

std::optional<PictureFormat> picture_format(std::string_view picture)
{
    if (picture.starts_with("\x89PNG\r\n\x1a\n"))
        return PictureFormat::Png;
    if (picture.starts_with("\xff\xd8\xff"))
        return PictureFormat::Jpeg;
    if (picture.starts_with("RIFF") && picture.size() >= 12 && picture.substr(8, 4) == "WEBP")
        return PictureFormat::Webp;
    return {};
}

PictureTexts picture_texts(std::string_view picture)
{
    if (!picture_format(picture))
        return {};
    auto texts = texts_in(picture);
    if (const auto record = record_in_xmp(text_of(texts, xmp_keyword)); !record.empty())
        if (text_of(texts, record_keyword).empty())
            texts.emplace_back(record_keyword, record);
    return texts;
}

std::string with_texts(std::string_view picture, const PictureTexts& texts)
{
    const auto format = known_format(picture);
    if (format == PictureFormat::Png)
        return png_with_texts(picture, texts);
    const auto parameters = text_of(texts, "parameters"), record = text_of(texts, record_keyword);
    const auto exif = parameters.empty() ? std::string() : exif_with_comment(parameters);
    auto xmp = text_of(texts, xmp_keyword);
    if (!record.empty() && record_in_xmp(xmp).empty())
        xmp = xmp_with_record(std::move(xmp), record);
    return format == PictureFormat::Jpeg ? jpeg_with(picture, exif, xmp) : webp_with(picture, exif, xmp);
}

std::string without_texts(std::string_view picture)
{
    return with_texts(picture, {});
}

} // namespace reverie
