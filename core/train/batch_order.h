// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reverie {

using Rows = std::vector<std::int64_t>; ///< indices into a data set

/// The rows of every batch: all rows once in an order of its own for each epoch, and so on without a gap.
/// Rows that follow each other in the data set stay together in runs of `run_length`.
class BatchOrder
{
public:
    BatchOrder(Rows rows, std::int64_t batch, std::int64_t run_length, std::uint64_t key);
    Rows at_step(std::int64_t step);

private:
    void shuffle();

    Rows rows_, order_;
    std::int64_t batch_, run_length_, epoch_ = -1;
    std::uint64_t key_;
};

/// At most `count` of the rows, evenly spread.
Rows spread(const Rows& rows, std::size_t count);

/// "3, 5, 8 and 61 more".
std::string listed(const Rows& rows);

/// 64-bit FNV-1a, to make a name part of a key.
std::uint64_t name_key(const std::string& name);

} // namespace reverie
