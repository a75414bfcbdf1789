// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/recipe.h"

#include <nlohmann/json_fwd.hpp>

namespace reverie {

/// What a picture's record says of its recipe: pictures by name and hash. An empty recipe is an empty object.
nlohmann::json to_json(const Recipe& recipe);
Recipe recipe_from_json(const nlohmann::json& json); ///< throws nlohmann::json::exception

nlohmann::json to_json(const SourcePicture& source);
SourcePicture source_from_json(const nlohmann::json& json);

} // namespace reverie
