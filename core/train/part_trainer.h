// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/error.h"
#include "core/data/loader.h"
#include "core/train/autocast.h"
#include "core/train/gradient_sum.h"
#include "core/train/objective.h"
#include "core/train/optimizer.h"
#include "core/train/process_group.h"
#include "core/train/weight_average.h"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace reverie {

/// A loss or gradient that is not finite.
struct NotFiniteError : Error {
    using Error::Error;
};

/// The ranks that share out every step, and of how many batches it consists: as many as there were ranks when
/// the run was begun, so that with another number of them it goes on to the same numbers.
struct Team {
    ProcessGroup& group;
    std::int64_t batches = 1;
};

/// Optimises one objective step by step. What a step does follows from its number, the seed and the weights
/// alone, so a run that goes on from a saved state gives the numbers it would have given. Each rank has one:
/// what rank 0's is told, the others' do too, in follow(); only what changes nothing is rank 0's alone.
class PartTrainer
{
public:
    /// Rows are shuffled among `window` neighbours (0: all). Throws UsageError for a precision the device
    /// can't compute in, or a step of fewer samples than ranks.
    PartTrainer(Objective& objective, const PartOptions& options, const std::string& part, std::uint64_t seed,
                const Dataset& dataset, const Team& team, std::int64_t window = 0);

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
    /// Samples of a step, those of all ranks together.
    [[nodiscard]] std::int64_t samples() const { return options_.batch * team_.batches; }

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

    /// What the other ranks do with what rank 0 tells them.
    struct Follower {
        std::function<void(const TensorMap&)> take; ///< what send() or load_state() had
        std::function<void(bool away)> leave_device;
    };
    /// On the other ranks: does as rank 0, until its dismiss(). Returns what that was given.
    bool follow(const Follower& follower);
    void send(const TensorMap& tensors);
    void dismiss(bool goes_on);

private:
    enum class Order { Step, Options, State, Tensors, Device, Finish, Dismiss };
    void tell(Order order, const nlohmann::json& arguments);
    void take_state(const TensorMap& tensors, std::int64_t steps_done);
    struct Piece {
        std::int64_t begin, end; ///< samples of the step, those of all ranks counted together
    };
    struct Gradients {
        Tensor loss; ///< its share of the step's: ()
        std::vector<Tensor> gradients; ///< by parameter; undefined where the loss does not depend on it
    };
    using Keys = std::vector<std::uint64_t>;
    [[nodiscard]] Keys keys_of(std::int64_t begin, std::int64_t end) const;
    [[nodiscard]] std::vector<Piece> pieces_of_step() const;
    Gradients gradients_of_piece(const Rows& rows, std::int64_t first);
    Gradients side_by_side(const Rows& rows, std::int64_t first);
    [[nodiscard]] std::int64_t shards() const;
    [[nodiscard]] std::int64_t chunk_size() const;
    void seed_dropout() const;
    [[nodiscard]] Tensor scaled(const Tensor& loss) const;
    Tensor loss_share(const Rows& rows, std::int64_t first);
    Tensor gradients_of(const Rows& rows, std::int64_t first);
    Tensor send_meanwhile(const Rows& rows, std::int64_t first, const std::vector<Tensor>& so_far,
                          GradientSum& sum);
    Tensor sum_over_ranks(const Tensor& loss, std::vector<Flaw>& skipped);
    void apply(double lr, Step& step, bool measure);
    [[nodiscard]] Movement movement(const std::vector<Tensor>& before,
                                    const std::vector<Tensor>& pulled) const;
    [[nodiscard]] std::string not_finite(const Rows& rows, double loss) const;
    void check_precision() const;

    Objective& objective_;
    PartOptions options_;
    std::string part_;
    Team team_;
    std::uint64_t key_;
    Loader loader_;
    std::vector<Tensor> parameters_, buffers_;
    Optimizer optimizer_;
    WeightAverage average_;
    LossScaler scaler_; ///< used with f16 only
    std::int64_t steps_done_ = 0;
};

} // namespace reverie
