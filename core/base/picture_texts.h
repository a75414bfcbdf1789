// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace reverie {

/// Keyword and UTF-8 text, in the order a picture file holds them.
using PictureTexts = std::vector<std::pair<std::string, std::string>>;

} // namespace reverie
