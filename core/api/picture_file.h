// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"
#include "core/api/request_axes.h"
#include "core/base/picture_texts.h"

#include <filesystem>
#include <string>

namespace reverie {

/// A picture another one was made from.
struct PictureParent {
    std::string file; ///< its name, without folders
    std::string sha256; ///< of the file
    bool drawn = true; ///< by a model, as opposed to a photograph or a painting
};

/// What a picture file says about how it was made.
struct PictureMaking {
    std::string prompt;
    std::uint64_t seed = 0; ///< of this picture
    int width = 0, height = 0;
    ResolvedSettings settings;
    bool complete = true;
    std::string version; ///< of Reverie
    std::string kind = "drawing"; ///< or "variation", "blend", "inpainting", ...
    std::vector<PictureParent> parents = {};
    Recipe recipe = {}; ///< without pixels
    std::vector<Axis> axes = {}; ///< of a grid of pictures: its columns' and its rows'; else empty
};

/// What a picture of `request` says about itself; `image` is the one of its stages that is written.
PictureMaking making_of(const Picture& picture, const Image& image, const ResolvedSettings& settings,
                        const Recipe& recipe, const std::string& version);

/// The A1111 `parameters` text: prompt, then one line of settings. Steps, CFG scale and Seed speak of the
/// decoder's last stage; the prior's and the other stages' follow under names of their own.
std::string a1111_parameters(const PictureMaking& making);

/// Reverie's own versioned JSON record.
std::string to_json(const PictureMaking& making);

/// All that travels with the picture: the `parameters` text, the `reverie` JSON and the XMP
/// DigitalSourceType.
PictureTexts making_texts(const PictureMaking& making);

/// PNG with the `parameters` text, the `reverie` JSON and the XMP DigitalSourceType. Written aside, synced
/// and renamed. Throws Error (folder not writable, disk full); the old file is then as it was.
void write_picture(const std::filesystem::path& path, const Image& image, const PictureMaking& making);

/// The making recorded in a PNG, JPEG or WebP that Reverie wrote. Throws Error if there is none.
PictureMaking read_making(const std::filesystem::path& path);

/// The `reverie` JSON of a picture. Throws Error, calling the picture `name`, if it is damaged or newer.
PictureMaking making_from_json(const std::string& record, const std::string& name);

/// The request that draws the picture of `making` again. The pictures of its recipe are yet without pixels,
/// see restore_sources().
GenerateRequest request_from(const PictureMaking& making);

/// Up to 60 bytes of the prompt fit for a file name: lower case, words joined with '-', nothing a shell or a
/// file system minds; "picture" if nothing is left.
std::string slug(const std::string& prompt);

/// `wanted`, or `wanted` with -2, -3, ... before the extension: the first that does not exist.
std::filesystem::path unused_path(const std::filesystem::path& wanted);

} // namespace reverie
