// SPDX-License-Identifier: MIT
#include "core/api/source_picture.h"

#include "core/api/library.h"
#include "core/api/model_info.h"
#include "core/api/picture_texts.h"
#include "core/base/error.h"
#include "core/base/file.h"

#include <algorithm>

namespace reverie {

namespace {

namespace fs = std::filesystem;

/// Whether a program that draws left its mark in it.
bool is_drawn(const fs::path& picture)
{
    const auto texts = picture_texts(read_file(picture));
    return std::any_of(texts.begin(), texts.end(), [](const auto& text) {
        return text.first == "reverie" || text.first == "parameters"
            || text.second.find("trainedAlgorithmicMedia") != std::string::npos;
    });
}

fs::path found(const SourcePicture& source, const std::vector<fs::path>& folders)
{
    bool changed = false;
    for (const auto& folder : folders) {
        const auto path = folder / fs::path(source.file).filename();
        std::error_code error;
        if (!fs::is_regular_file(path, error))
            continue;
        if (source.sha256.empty() || hash_file(path) == source.sha256)
            return path;
        changed = true;
    }
    throw Error("The picture was made from " + source.file
                + (changed ? ", which has been changed since; put the original beside it."
                           : ", which is not there; put it beside the picture."));
}

} // namespace

Image read_pixels(const fs::path& picture)
{
    return core_library().read_pixels(picture);
}

SourcePicture read_source(const fs::path& picture)
{
    return { .image = read_pixels(picture),
             .file = picture.filename().string(),
             .sha256 = hash_file(picture),
             .drawn = is_drawn(picture) };
}

void restore_sources(Recipe& recipe, const std::vector<fs::path>& folders)
{
    for (auto* source : sources_of(recipe))
        source->image = read_pixels(found(*source, folders));
}

fs::path kept_beside(const fs::path& picture)
{
    return picture.string() + ".reverie";
}

std::vector<fs::path> source_folders(const fs::path& picture)
{
    return { fs::absolute(picture).parent_path(), kept_beside(fs::absolute(picture)) };
}

} // namespace reverie
