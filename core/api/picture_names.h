// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/picture_file.h"

#include <ctime>
#include <filesystem>
#include <string>

namespace reverie {

/// How new pictures are called where nobody says otherwise.
inline constexpr const char* default_name_pattern = "[date]/[index]-[seed]-[prompt]";

/// A pattern is the name of a picture file below its folder, without the extension; '/' makes folders. Filled
/// in are [index] (five digits, counted on from the files that begin alike), [seed], [prompt], [date],
/// [datetime] or [datetime<%Y-%m-%d>] with strftime's letters, [model] and [model_hash] (ten digits). Throws
/// UsageError for a name that would leave the folder, hide the file or not exist on every file system, and
/// for words in brackets that mean nothing.
void check_name_pattern(const std::string& pattern);

/// The file below `folder` that the picture gets at `time`: one that does not exist, in a folder that does,
/// since it is made if it is missing. Throws as check_name_pattern() does, and Error if the folder can't be
/// made.
std::filesystem::path new_picture_path(const std::filesystem::path& folder, const std::string& pattern,
                                       const PictureMaking& making, std::time_t time = std::time(nullptr));

/// The same name below nothing, with `index`; an example.
std::string example_name(const std::string& pattern, const PictureMaking& making, int index,
                         std::time_t time = std::time(nullptr));

} // namespace reverie
