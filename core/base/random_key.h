// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>

namespace reverie {

/// One 64-bit key out of several parts, by SplitMix64 finalisation of each. Every random tensor draws from a
/// generator seeded with the key of what it is for, so no draw depends on which others were made before it.
constexpr std::uint64_t random_key(std::initializer_list<std::uint64_t> parts)
{
    std::uint64_t key = 0x9e3779b97f4a7c15ULL;
    for (std::uint64_t part : parts) {
        key += part + 0x9e3779b97f4a7c15ULL;
        key = (key ^ (key >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        key = (key ^ (key >> 27U)) * 0x94d049bb133111ebULL;
        key ^= key >> 31U;
    }
    return key;
}

} // namespace reverie
