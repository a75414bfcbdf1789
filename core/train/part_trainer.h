// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/error.h"
#include "core/data/loader.h"
#include "core/train/autocast.h"
#include "core/train/batch_order.h"
#include "core/train/objective.h"
#include "core/train/optimizer.h"
#include "core/train/weight_average.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace reverie {

/// A loss or gradient that is not finite.
struct NotFiniteError : Error {
    using Error::Error;
};

/// Optimises one objective step by step. What a step does follows from its number, the seed and the weights
/// alone, so a run that goes on from a saved state gives the numbers it would have given.
class PartTrainer
{
public:
    /// Rows are shuffled among `window` neighbours (0: all). Throws UsageError for a precision the device
    /// can't compute in.
    PartTrainer(Objective& objective, const PartOptions& options, const std::string& part, std::uint64_t seed,
                const Dataset& dataset, std::int64_t window = 0);

    /// How far one step moved the weights.
    struct Movement {
        double ratio; ///< the length of the step beside that of the weights
        double still; ///< share of the weights with a gradient that did not change at all
        double unreached; ///< share of the weights that have no gradient
    };
    struct Step {
        Tensor loss, grad_norm; ///< (), on the device
        double lr;
        bool taken; ///< false where f16 gradients overflowed
        std::optional<Movement> movement;
        std::vector<Flaw> skipped; ///< pictures that could not be read
    };
    /// With `measure`, also how far the weights moved. Throws NotFiniteError, before any weight is changed,
    /// that names the step, the rows and the first tensor that is not finite.
    Step step(bool measure = false);
    [[nodiscard]] std::int64_t steps_done() const { return steps_done_; }

    /// The mean loss of rows in eval mode, with noise that is the same each time.
    double loss_of(const Rows& rows, std::int64_t batch);

    [[nodiscard]] const PartOptions& options() const { return options_; }
    /// Changes how training goes on. Throws UsageError for what can't change on the way.
    void set_options(const PartOptions& options);
    /// Moves everything to another device.
    void to(at::Device device);

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
    using Keys = std::vector<std::uint64_t>;
    Piece piece(const Rows& rows, const Keys& keys);
    Piece side_by_side(const Rows& rows, const Keys& keys);
    Tensor gradients_of(const Rows& rows, const Keys& keys);
    void apply(double lr, Step& step, bool measure);
    [[nodiscard]] Movement movement(const std::vector<Tensor>& before,
                                    const std::vector<Tensor>& pulled) const;
    [[nodiscard]] std::string not_finite(const Rows& rows, double loss) const;
    void check_precision() const;

    Objective& objective_;
    PartOptions options_;
    std::string part_;
    std::uint64_t key_;
    Loader loader_;
    std::vector<Tensor> parameters_, buffers_;
    Optimizer optimizer_;
    WeightAverage average_;
    LossScaler scaler_; ///< used with f16 only
    std::int64_t steps_done_ = 0;
};

} // namespace reverie
