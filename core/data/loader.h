// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/sample_order.h"

#include <deque>
#include <future>
#include <set>

namespace reverie {

struct LoaderOptions {
    std::int64_t batch = 64; ///< samples of a step, those of all ranks together
    std::int64_t run_length = 1; ///< rows that follow each other in the data set and stay together
    std::int64_t window = 0; ///< rows are shuffled among so many neighbours; 0: among all
    std::uint64_t key = 0; ///< decides the order and every view
    std::int64_t rank = 0, world_size = 1; ///< each rank gets an equal share of every batch
    bool pictures = true; ///< draw them; false: only say which rows come
    bool uneven = false; ///< shares may differ by one sample; false: such a batch is refused
    std::int64_t ahead = 0; ///< batches that are being read, a thread each; 0: one more than there are cores
};

/// Where a loader stands: all that must be kept to go on with the same samples.
struct LoaderPosition {
    std::int64_t step = 0; ///< the next batch
    std::vector<std::int64_t> skipped; ///< rows that could not be read so far
    static void visit(auto& self, auto&& field)
    {
        field("step", self.step);
        field("skipped", self.skipped);
    }
};

struct Batch {
    std::int64_t step = 0;
    std::int64_t first = 0; ///< number of its first sample among those of all ranks
    Rows rows;
    Tensor pictures; ///< uint8 (b, 3, size, size); undefined without any
    std::vector<Flaw> skipped; ///< what could not be read, said once; the next row that can is in its place
};

/// The training split batch after batch, read ahead on threads. What comes depends on the options alone: not
/// on how fast threads are, and the samples of all ranks together are those a single rank would get. A view's
/// randomness is keyed by (key, step, sample).
class Loader
{
public:
    /// `dataset` must outlive it. Throws UsageError for a batch that can't be shared out or an empty split.
    Loader(const Dataset& dataset, const LoaderOptions& options);

    /// Throws Error if a long row of pictures can't be read.
    Batch next();
    [[nodiscard]] LoaderPosition position() const;
    void seek(const LoaderPosition& position);

private:
    [[nodiscard]] Batch load(std::int64_t step, Rows rows) const;
    std::int64_t draw_readable(std::int64_t row, std::uint64_t key, std::uint8_t* planes,
                               std::vector<Flaw>& skipped) const;
    [[nodiscard]] Rows share_of(const Rows& rows) const;

    const Dataset& dataset_;
    LoaderOptions options_;
    SampleOrder order_;
    std::int64_t step_ = 0;
    std::set<std::int64_t> skipped_;
    std::deque<std::future<Batch>> coming_; ///< steps from step_ on
};

} // namespace reverie
