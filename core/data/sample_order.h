// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

#include <cstdint>

namespace reverie {

/// The rows of every batch: all rows once in an order of its own for each epoch, and so on without a gap.
/// Rows that follow each other in the data set stay together in runs of `run_length`. With a `window`, rows
/// are shuffled among so many neighbours only, and the windows among each other, so that files are read
/// nearly in the order they lie in.
class SampleOrder
{
public:
    SampleOrder(Rows rows, std::int64_t batch, std::int64_t run_length, std::uint64_t key,
                std::int64_t window = 0);
    Rows at_step(std::int64_t step);

private:
    void enter_epoch(std::int64_t epoch);
    void enter_window(std::int64_t place);
    void shuffle(std::int64_t first, std::int64_t count, const Rows& runs);

    Rows rows_;
    std::int64_t batch_, run_length_, window_, epoch_ = -1;
    std::uint64_t key_;
    Rows windows_; ///< their order in this epoch
    std::int64_t begin_ = 0; ///< where the first window begins
    Rows order_; ///< of the rows in the window that is being read
    std::int64_t order_begin_ = 0; ///< its place in the epoch
};

} // namespace reverie
