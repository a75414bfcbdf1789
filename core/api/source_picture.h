// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/recipe.h"

#include <filesystem>

namespace reverie {

/// The pixels of a PNG, JPEG, WebP or whatever else this build decodes, on white where they are transparent.
/// Opens the model library. Throws Error for a file that can't be read or is no picture.
Image read_pixels(const std::filesystem::path& picture);

/// The picture with the name and hash that metadata records. Throws Error as read_pixels() does.
SourcePicture read_source(const std::filesystem::path& picture);

/// Reads the pixels of every source in a recipe that came out of a picture's metadata, by name, in the first
/// of `folders` that has it with the recorded hash. Throws Error naming what is missing.
void restore_sources(Recipe& recipe, const std::vector<std::filesystem::path>& folders);

/// `<picture>.reverie`: what is kept beside a picture, the mask it was painted with among others.
std::filesystem::path kept_beside(const std::filesystem::path& picture);

/// Where what a picture was made from is looked for first: its own folder, and what is kept beside it.
std::vector<std::filesystem::path> source_folders(const std::filesystem::path& picture);

} // namespace reverie
