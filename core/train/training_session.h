// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/run_directory.h"
#include "core/train/part_trainer.h"
#include "core/train/training_config.h"

#include <chrono>
#include <map>
#include <memory>

namespace reverie {

/// One run: the parts of a pipeline in order, into one run directory.
class TrainingSession
{
public:
    /// Throws UsageError for what can't be trained, before anything is written.
    TrainingSession(const TrainRequest& request, const OnTrainUpdate& on_update, std::stop_token stop);
    TrainResult run();

private:
    void load_weights();
    void take_weights(const std::filesystem::path& file, bool whole);
    void prepare_corpus();
    void check_parts() const;
    bool train_part(const std::string& part);
    bool draw_prior_embeddings(std::int64_t count);
    std::unique_ptr<Objective> objective(const std::string& part);
    [[nodiscard]] const PartOptions& options(const std::string& part) const;
    bool loop(const std::string& part, Objective& objective, PartTrainer& trainer);

    struct Window; // the steps since the last report
    void report(const std::string& part, const PartTrainer::Step& step, std::int64_t done, Window& window);
    void evaluate(const std::string& part, Objective& objective, PartTrainer& trainer);
    void checkpoint(const std::string& part, PartTrainer& trainer);
    void event(const std::string& part, std::int64_t step, const std::string& sentence);
    [[nodiscard]] Pipeline trained_pipeline() const;
    std::filesystem::path save_model();
    [[noreturn]] void fail(const std::string& reason);

    TrainRequest request_;
    OnTrainUpdate on_update_;
    std::stop_token stop_;
    TrainingConfig config_;
    at::Device device_;
    std::vector<std::string> parts_; ///< to be trained, in order
    std::unique_ptr<Dataset> dataset_;
    Pipeline pipeline_;
    std::unique_ptr<Corpus> corpus_;
    std::map<std::string, std::int64_t> trained_; ///< steps by part, those of loaded weights included
    std::unique_ptr<RunDirectory> run_;
    std::optional<Checkpoint> resumed_;
    std::chrono::steady_clock::time_point started_;
};

} // namespace reverie
