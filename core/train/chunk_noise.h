// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"
#include "core/train/chunks.h"

#include <memory>

namespace reverie {

/// Noise for a batch that is computed in chunks. Where samples have generators of their own (KeyedNoise),
/// every chunk gets its rows of what the whole batch would get, whose draws are kept until the last; and
/// draws that concern the whole batch are the same in each. Any other source draws for one chunk after the
/// other.
class ChunkNoise
{
public:
    /// `batch` is the number of samples of all chunks.
    ChunkNoise(Noise& whole, std::int64_t batch);
    ~ChunkNoise();

    /// For the chunk that is computed next; it must be used up before the one after it is asked for.
    Noise& of(const Chunk& chunk);

private:
    class Rows;

    Noise& whole_;
    std::unique_ptr<Rows> rows_; ///< none if chunks draw for themselves
};

} // namespace reverie
