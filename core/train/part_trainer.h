// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/objective.h"
#include "core/train/optimizer.h"
#include "core/train/weight_average.h"

#include <filesystem>
#include <functional>
#include <string>

namespace reverie {

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

/// Optimises one objective step by step. What a step does follows from its number, the seed and the weights
/// alone, so a run that goes on from a saved state gives the numbers it would have given.
class PartTrainer
{
public:
    PartTrainer(Objective& objective, const PartOptions& options, const std::string& part, std::uint64_t seed,
                const Rows& rows);

    struct Step {
        Tensor loss, grad_norm; ///< (), on the device: reading them waits for it
        double lr;
    };
    Step step();
    [[nodiscard]] std::int64_t steps_done() const { return steps_done_; }

    /// Runs `work` with the averaged weights in place and the module in evaluation mode.
    void with_average(const std::function<void()>& work);

    /// Leaves the averaged weights in place, in evaluation mode. Nothing else may follow.
    void finish();

    /// Raw weights, their average and the optimiser's moments, with `extra` beside them.
    void save_state(const std::filesystem::path& path, TensorMap extra) const;
    /// Throws Error if the state belongs to another configuration. Returns all its tensors.
    TensorMap load_state(const std::filesystem::path& path, std::int64_t steps_done);

private:
    struct Piece {
        Tensor loss; ///< its share of the batch's: ()
        std::vector<Tensor> gradients; ///< by parameter; undefined where the loss does not depend on it
    };
    Piece piece(const Rows& rows, const std::vector<std::uint64_t>& keys);
    Tensor gradients_of(const Rows& rows, const std::vector<std::uint64_t>& keys);

    Objective& objective_;
    PartOptions options_;
    std::uint64_t key_;
    BatchOrder batches_;
    std::vector<Tensor> parameters_;
    Optimizer optimizer_;
    WeightAverage average_;
    std::int64_t steps_done_ = 0;
};

/// 64-bit FNV-1a, to make a name part of a key.
std::uint64_t name_key(const std::string& name);

} // namespace reverie
