// SPDX-License-Identifier: MIT
#include "core/data/text_ids.h"

#include <algorithm>

namespace reverie {

std::size_t room_for_text(const TextFrame& frame, std::size_t length)
{
    const std::size_t taken = (frame.start ? 1 : 0) + (frame.end ? 1 : 0);
    return length - std::min(length, taken);
}

Tokenizer::Ids text_ids(const Tokenizer& tokenizer, const TextFrame& frame, std::string_view text,
                        std::size_t length)
{
    auto ids = tokenizer.encode(text);
    ids.resize(std::min(ids.size(), room_for_text(frame, length)));
    if (frame.start)
        ids.insert(ids.begin(), *frame.start);
    if (frame.end)
        ids.push_back(*frame.end);
    ids.resize(length, 0);
    return ids;
}

} // namespace reverie
