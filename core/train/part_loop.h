// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/control.h"
#include "core/run/use_meter.h"
#include "core/train/part_trainer.h"
#include "core/train/run_reporter.h"
#include "core/train/training_config.h"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <deque>
#include <stop_token>

namespace reverie {

/// A setting that was changed while a run was going on.
struct LaterSetting {
    std::string part; ///< that was being trained
    std::int64_t step = 0; ///< its steps done then
    std::string key; ///< "lr" of that part, or "unet2.lr", "sample_every"
    std::string value; ///< JSON
};

/// Lays a setting over the configuration. Throws UsageError for one that does not exist or can't change.
void apply_setting(TrainingConfig& config, const LaterSetting& setting);

/// Trains one part to its end, reports, validates, checkpoints, and does what watchers ask for.
class PartLoop
{
public:
    /// What the loop leaves to the session.
    struct Hooks {
        std::function<void(const std::filesystem::path& folder)> save_model; ///< with the averaged weights
        /// Draws samples with the averaged weights; of these prompts, or the usual ones if there are none.
        std::function<void(std::int64_t step, const std::vector<std::string>& prompts)> sample;
        std::function<void(bool away)> leave_device; ///< gives the accelerator's memory back, or takes it
        std::function<TensorMap()> extra; ///< goes into every state beside the trainer's
    };
    PartLoop(std::string part, TrainingConfig& config, Objective& objective, PartTrainer& trainer,
             RunDirectory& run, RunReporter& reporter, Hooks hooks);

    /// Goes on from a checkpoint of this part. Returns all tensors of its state.
    TensorMap restore(const Checkpoint& checkpoint);
    /// Settings to be made at their steps.
    void expect(std::deque<LaterSetting> settings) { expected_ = std::move(settings); }

    /// To the last step, or to an early end. False if it was stopped before; a checkpoint is written then.
    /// The averaged weights, or with keep_best the best ones, are in place afterwards.
    bool run(const Rows& train, const Rows& valid, std::stop_token stop);
    /// Whether a watcher asked for an end.
    [[nodiscard]] bool stopped() const { return stopped_; }

private:
    /// The steps since the last report. Losses are summed on the device, and go into a checkpoint, so that a
    /// run that goes on reports the same means.
    struct Window {
        Tensor loss;
        std::int64_t steps = 0;
        std::int64_t timed_steps = 0;
        std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
    };

    [[nodiscard]] const PartOptions& options() const { return trainer_.options(); }
    [[nodiscard]] bool is_due(std::int64_t every) const;
    [[nodiscard]] bool ended_early() const;
    void finish();
    void take_step();
    PartTrainer::Step step_or_diagnosis(bool measure);
    void report(const PartTrainer::Step& step);
    void restart_clock();
    void evaluate();
    void validate();
    void checkpoint();

    void answer_requests();
    void answer(const ControlRequest& request);
    std::string carry_out(const std::string& verb, const nlohmann::json& arguments, nlohmann::json& more);
    std::string pause();
    std::string set(const nlohmann::json& arguments, nlohmann::json& more);
    std::string roll_back(const nlohmann::json& arguments);
    void make_expected_settings();

    std::string part_;
    TrainingConfig& config_;
    Objective& objective_;
    PartTrainer& trainer_;
    RunDirectory& run_;
    RunReporter& reporter_;
    Hooks hooks_;
    Rows train_, valid_; ///< that validation looks at
    std::stop_token stop_;
    std::deque<LaterSetting> expected_;
    UseMeter use_;
    Window window_;
    double seconds_left_ = 0;
    std::int64_t saved_step_ = -1; ///< of the last checkpoint
    double best_loss_ = 0;
    std::int64_t best_step_ = 0; ///< 0: not validated yet
    std::int64_t worse_ = 0; ///< validations since
    bool stopped_ = false, paused_ = false;
};

} // namespace reverie
