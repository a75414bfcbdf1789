// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/tokenizer.h"
#include "core/models/clip.h"

namespace reverie {

/// A text as a CLIP wants it: its ids in `frame`, padded with 0 to `length`. A longer text is cut, but keeps
/// its end.
Tokenizer::Ids text_ids(const Tokenizer& tokenizer, const TextFrame& frame, std::string_view text,
                        std::size_t length);

/// Of `length` ids, those that are left for the text itself.
std::size_t room_for_text(const TextFrame& frame, std::size_t length);

} // namespace reverie
