// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/drawing_preview.h"

namespace reverie {

/// Pictures that are drawn at a time where a request does not say.
constexpr int default_drawing_batch = 8;

/// What preview_drawing() does once LibTorch is loaded.
DrawingPreview cost_of_drawing(const std::filesystem::path& model, const GenerateRequest& request);

} // namespace reverie
