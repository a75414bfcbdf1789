// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/tokenizer.h"

#include <filesystem>

namespace reverie {

/// The vocabulary in OpenAI's bpe_simple_vocab_16e6.txt (also as .gz), Hugging Face's merges.txt or
/// tokenizer.json. Throws Error for anything else, and for a tokenizer.json that numbers its tokens otherwise
/// than CLIP.
Tokenizer read_vocabulary(const std::filesystem::path& path);

} // namespace reverie
