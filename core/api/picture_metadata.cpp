// SPDX-License-Identifier: MIT
#include "core/api/picture_metadata.h"

#include "core/api/foreign_metadata.h"
#include "core/api/picture_texts.h"
#include "core/base/error.h"

#include <algorithm>

namespace reverie {

namespace {

const std::string* find(const PictureTexts& texts, std::string_view keyword)
{
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [keyword](const auto& text) { return text.first == keyword; });
    return found == texts.end() ? nullptr : &found->second;
}

bool read_own(const std::string& record, PictureMetadata& metadata)
{
    try {
        metadata.making = making_from_json(record, "The picture");
    } catch (const Error&) {
        return false; // its `parameters` still say the most of it
    }
    const PictureMaking& making = *metadata.making;
    metadata.tool = "Reverie";
    metadata.prompt = making.prompt;
    metadata.seed = making.seed;
    metadata.width = making.width;
    metadata.height = making.height;
    metadata.model = making.settings.model;
    metadata.model_hash = making.settings.model_hash;
    metadata.sampler = to_string(making.settings.sampler);
    metadata.steps = making.settings.steps.empty() ? 0 : making.settings.steps.back();
    metadata.cond_scale = making.settings.cond_scale;
    return true;
}

/// JPEG comments hold anything.
bool read_comment(const std::string& text, PictureMetadata& metadata)
{
    return text.find("Steps: ") != std::string::npos && read_a1111(text, metadata);
}

} // namespace

PictureMetadata read_metadata(std::string_view picture)
{
    PictureMetadata metadata;
    metadata.texts = picture_texts(picture);
    using Read = bool (*)(const std::string&, PictureMetadata&);
    constexpr std::pair<const char*, Read> readers[]
        = { { "reverie", read_own },        { "invokeai_metadata", read_invoke },
            { "sd-metadata", read_invoke }, { "Dream", read_invoke_command },
            { "parameters", read_a1111 },   { "prompt", read_comfy },
            { "Comment", read_comment } };
    for (const auto& [keyword, read] : readers)
        if (const auto* text = find(metadata.texts, keyword); text && read(*text, metadata))
            break;
    return metadata;
}

} // namespace reverie
