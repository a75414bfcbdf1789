// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/some_rows.h"
#include "core/io/pipeline.h"
#include "core/train/corpus.h"
#include "core/train/memory_peak.h"
#include "core/train/objective.h"
#include "core/train/training_config.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace reverie {

/// What trying a part came to. Seconds are of a whole batch and of all steps of drawing, even where fewer
/// were tried.
struct PartTrial {
    double step_seconds = 0;
    double evaluation_seconds = 0; ///< one round of samples and of what the part is measured by
    double validation_row_seconds = 0; ///< the loss of a row that is not trained on
    /// At the peak of a whole batch, or of drawing, beyond what was held at first: the pipeline, rows and
    /// what libraries keep included. None where it can't be told.
    std::optional<double> memory_bytes;
    bool whole_batch = false; ///< one was tried, instead of told from smaller ones
    bool drew_all = false; ///< as many pictures as a run draws; fewer take less memory
};

/// Some steps of the parts of a run, with its own networks and pictures but weights that mean nothing.
class RunTrial
{
public:
    /// Builds the whole pipeline on the device, and takes some rows of `dataset`. `peak` watches the memory.
    RunTrial(const TrainingConfig& config, const Dataset& dataset, at::Device device, MemoryPeak& peak);

    /// Takes about `seconds`, with at most `most` samples a step. None if it was stopped before anything was
    /// known.
    std::optional<PartTrial> try_part(const std::string& part, double seconds, std::int64_t most,
                                      std::stop_token stop);
    /// Rows that were taken.
    [[nodiscard]] std::size_t rows() const { return rows_->captions().size(); }
    /// Of embedding one row of the data set with CLIP.
    [[nodiscard]] double embedding_seconds();

private:
    struct Steps {
        std::int64_t batch = 0; ///< that was tried
        double seconds = 0; ///< the usual one
        std::optional<double> memory_bytes;
        double validation_row_seconds = 0;
    };
    std::unique_ptr<Objective> objective(const std::string& part);
    Steps take_steps(const std::string& part, Objective& objective, std::int64_t batch, double seconds,
                     std::stop_token stop);
    Steps growing_steps(const std::string& part, Objective& objective, double seconds, std::int64_t most,
                        std::stop_token stop);
    void evaluate(const std::string& part, Objective& objective, double seconds, PartTrial& trial);
    void imagine_embeddings();

    ProcessGroup alone_;
    TrainingConfig config_;
    SamplingDefaults one_step_; ///< the model's, with a single step of drawing
    at::Device device_;
    std::unique_ptr<SomeRows> rows_;
    Pipeline pipeline_;
    std::unique_ptr<Corpus> corpus_;
    MemoryPeak& peak_;
};

} // namespace reverie
