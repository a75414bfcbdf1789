// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace reverie {

/// Some of the rows of a batch.
struct Chunk {
    std::int64_t begin, end;
    double share; ///< of the batch
    /// Its rows; an undefined tensor stays one.
    [[nodiscard]] at::Tensor of(const at::Tensor& rows) const
    {
        return rows.defined() ? rows.slice(0, begin, end) : rows;
    }
};

/// A batch in chunks of at most `most` rows (0: one chunk).
inline std::vector<Chunk> chunks(std::int64_t batch, std::int64_t most)
{
    std::vector<Chunk> chunks;
    const auto size = most > 0 ? most : batch;
    for (std::int64_t begin = 0; begin < batch; begin += size) {
        const auto end = std::min(begin + size, batch);
        chunks.push_back({ begin, end, double(end - begin) / double(batch) });
    }
    return chunks;
}

} // namespace reverie
