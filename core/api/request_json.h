// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"

#include <string>

namespace reverie {

/// What a person asks for, as JSON: prompts, numbers and the recipe, whose pictures lose their pixels. Token
/// ids, given embeddings and kept stages are not written.
std::string to_json(const GenerateRequest& request);

/// Throws Error for text that to_json() did not write.
GenerateRequest request_from_json(const std::string& text);

} // namespace reverie
