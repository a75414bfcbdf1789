// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/picture_file.h"

namespace reverie {

/// Whether a picture with that making is picture `index` of the request: the same prompt, seed and recipe,
/// and the same of every number that the request gives. What the request leaves to the model is not compared.
bool is_picture_of(const PictureMaking& making, const GenerateRequest& request, int index);

} // namespace reverie
