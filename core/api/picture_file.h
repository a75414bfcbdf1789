// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"

#include <filesystem>
#include <string>

namespace reverie {

/// What a picture file says about how it was made.
struct PictureMaking {
    std::string prompt;
    std::uint64_t seed = 0; ///< of this picture
    int width = 0, height = 0;
    ResolvedSettings settings;
    bool complete = true;
    std::string version; ///< of Reverie
};

/// The A1111 `parameters` text: prompt, then one line of settings. Steps, CFG scale and Seed speak of the
/// decoder's last stage; the prior's and the other stages' follow under names of their own.
std::string a1111_parameters(const PictureMaking& making);

/// Reverie's own versioned JSON record.
std::string to_json(const PictureMaking& making);

/// PNG with the `parameters` text, the `reverie` JSON and the XMP DigitalSourceType. Written aside, synced
/// and renamed. Throws Error (folder not writable, disk full); the old file is then as it was.
void write_picture(const std::filesystem::path& path, const Image& image, const PictureMaking& making);

/// The making recorded in a PNG Reverie wrote. Throws Error if there is none.
PictureMaking read_making(const std::filesystem::path& path);

/// The request that draws the picture of `making` again.
GenerateRequest request_from(const PictureMaking& making);

/// Up to 60 bytes of the prompt fit for a file name: lower case, words joined with '-', nothing a shell or a
/// file system minds; "picture" if nothing is left.
std::string slug(const std::string& prompt);

/// `wanted`, or `wanted` with -2, -3, ... before the extension: the first that does not exist.
std::filesystem::path unused_path(const std::filesystem::path& wanted);

} // namespace reverie
