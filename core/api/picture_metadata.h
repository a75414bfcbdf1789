// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/picture_file.h"

#include <optional>
#include <string>
#include <string_view>

namespace reverie {

/// What a picture says about its making, whichever program wrote it. What it does not say is empty.
struct PictureMetadata {
    std::string tool; ///< "Reverie", "InvokeAI", "ComfyUI", "stable-diffusion.cpp", "AUTOMATIC1111", ...
    std::string prompt, negative_prompt; ///< UTF-8
    std::optional<std::uint64_t> seed;
    int width = 0, height = 0; ///< as recorded; the file may have been scaled since
    std::string model, model_hash, sampler;
    int steps = 0;
    std::optional<double> cond_scale;
    std::optional<PictureMaking> making; ///< of a picture Reverie drew
    PictureTexts texts; ///< everything the file holds
};

/// Reads PNG, JPEG and WebP by Reverie, A1111 and what writes like it, InvokeAI, ComfyUI and
/// stable-diffusion.cpp. Never throws for what is in the file: what can't be understood is left empty.
PictureMetadata read_metadata(std::string_view picture);

} // namespace reverie
