// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reverie {

using Rows = std::vector<std::int64_t>; ///< indices into a data set

/// At most `count` of the rows, evenly spread.
Rows spread(const Rows& rows, std::size_t count);

/// "3, 5, 8 and 61 more".
std::string listed(const Rows& rows);

/// 64-bit FNV-1a, to make a name part of a key.
std::uint64_t name_key(const std::string& name);

} // namespace reverie
