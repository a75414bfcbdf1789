// SPDX-License-Identifier: MIT
#include "core/train/batch_order.h"

#include <algorithm>

namespace reverie {

std::uint64_t name_key(const std::string& name)
{
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const unsigned char byte : name)
        hash = (hash ^ byte) * 0x100000001b3ULL;
    return hash;
}

Rows spread(const Rows& rows, std::size_t count)
{
    Rows chosen;
    count = std::min(count, rows.size());
    for (std::size_t i = 0; i < count; ++i)
        chosen.push_back(rows[i * rows.size() / count]);
    return chosen;
}

std::string listed(const Rows& rows)
{
    constexpr std::size_t most = 16;
    std::string text;
    for (std::size_t i = 0; i < std::min(rows.size(), most); ++i)
        text += (i ? ", " : "") + std::to_string(rows[i]);
    return rows.size() > most ? text + " and " + std::to_string(rows.size() - most) + " more" : text;
}

} // namespace reverie
