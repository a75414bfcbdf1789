// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/run_directory.h"
#include "core/train/part_loop.h"
#include "core/train/training_config.h"

#include <deque>
#include <map>
#include <memory>

namespace reverie {

/// One run: the parts of a pipeline in order, into one run directory, which rank 0 alone reads and writes.
/// The other ranks are told by it what to do.
class TrainingSession
{
public:
    /// Throws UsageError for what can't be trained, before anything is written; with `after` set, only what
    /// can be told before that run has ended.
    TrainingSession(const TrainRequest& request, const OnTrainUpdate& on_update, ProcessGroup& group);
    ~TrainingSession();
    TrainingSession(const TrainingSession&) = delete;
    TrainingSession& operator=(const TrainingSession&) = delete;
    TrainResult run();

private:
    TrainResult lead();
    TrainResult follow();
    void resolve();
    void settle_in();
    static std::string asked(const TrainRequest& request);
    void compare_options(const std::string& rank_0) const;
    bool receive_plan();
    [[nodiscard]] std::string plan() const;
    void share_weights();
    void watch_ranks();
    [[nodiscard]] std::string after_loss(const std::string& lost) const;
    void say(const std::string& part, const std::string& sentence);
    void prepare();
    void load_weights();
    void take_weights(const std::filesystem::path& file, bool whole);
    void give_autoencoder(const VQGanVAEImpl& vqgan);
    void check_parts();
    void write_configuration();
    bool wait_for_turn();
    TrainResult train_parts();
    void prepare_corpus();
    bool train_part(const std::string& part);
    void take_prior_embed(const TensorMap& tensors);
    bool lead_part(const std::string& part, Objective& goal, PartTrainer& trainer);
    bool draw_prior_embeddings(std::int64_t count);
    std::unique_ptr<Objective> objective(const std::string& part);
    PartLoop::Hooks hooks(const std::string& part, Objective& objective, PartTrainer& trainer);
    void sample(const std::string& part, std::int64_t step, Objective& objective,
                const std::vector<std::string>& prompts);
    [[nodiscard]] bool can_draw_prompts(const std::string& part) const;
    void place(at::Device device);
    [[nodiscard]] Pipeline trained_pipeline() const;
    std::filesystem::path save_model();
    [[noreturn]] void fail(const std::string& reason);
    void note_failure(const std::string& reason);
    [[nodiscard]] std::string with_way_on(const std::string& reason) const;

    TrainRequest request_;
    std::string asked_; ///< the options it came from
    OnTrainUpdate on_update_;
    ProcessGroup& group_;
    std::stop_token stop_;
    TrainingConfig config_;
    at::Device device_;
    int batches_ = 1; ///< of a step: the ranks with which the run was begun
    std::vector<std::string> parts_; ///< to be trained, in order
    std::unique_ptr<Dataset> dataset_;
    Pipeline pipeline_;
    std::unique_ptr<Corpus> corpus_;
    std::map<std::string, std::int64_t> trained_; ///< steps by part, those of loaded weights included
    std::unique_ptr<RunDirectory> run_; ///< null, as the next, on other ranks than 0
    std::unique_ptr<RunReporter> reporter_;
    std::optional<Checkpoint> resumed_;
    std::deque<LaterSetting> expected_; ///< made before the run was interrupted, past the checkpoint
};

} // namespace reverie
