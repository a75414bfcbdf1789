// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace reverie {

/// What a model remembers of the captions it was trained on: all of them if they are few, else `some` spread
/// evenly over them and, for every word those lack, the first that has it, in their order. So the list holds
/// every word, and stays small for millions of captions. Empty, which stands for any words, if it takes more
/// than `most`.
std::vector<std::string> known_captions(std::vector<std::string> captions, std::size_t some = 8192,
                                        std::size_t most = 65536);

} // namespace reverie
