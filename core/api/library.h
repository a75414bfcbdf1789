// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/benchmark.h"
#include "core/api/dataset_info.h"
#include "core/api/drawing_preview.h"
#include "core/api/generator.h"
#include "core/api/model_import.h"
#include "core/api/preflight.h"
#include "core/api/run_preview.h"
#include "core/api/system_info.h"
#include "core/api/training_options.h"
#include "core/api/training_run.h"

namespace reverie {

/// What libreverie_core offers to the torch-free side. The free functions of core/api forward to it; nobody
/// else needs it.
class CoreLibrary
{
public:
    virtual ~CoreLibrary() = default;
    virtual std::unique_ptr<Generator> open_generator(const std::filesystem::path& model,
                                                      const GeneratorOptions& options) const = 0;
    virtual DrawingPreview preview_drawing(const std::filesystem::path& model,
                                           const GenerateRequest& request) const = 0;
    virtual Image read_pixels(const std::filesystem::path& picture) const = 0;
    virtual DatasetInfo dataset_info(const std::string& spec) const = 0;
    virtual DatasetCheck check_dataset(const std::string& spec, const DatasetCheckOptions& options,
                                       const OnDatasetProgress& on_progress, std::stop_token stop) const = 0;
    virtual std::vector<DatasetSample> dataset_samples(const std::string& spec, int count, int size,
                                                       const PictureOptions& options) const = 0;
    virtual std::int64_t pack_dataset(const std::string& spec, int size, const PictureOptions& options,
                                      const std::filesystem::path& out) const = 0;
    virtual TrainResult train(const TrainRequest& request, const OnTrainUpdate& on_update,
                              std::stop_token stop) const = 0;
    virtual RunPreview preview_run(const TrainRequest& request, std::stop_token stop) const = 0;
    virtual std::string resolve_training_config(const TrainRequest& request) const = 0;
    virtual std::vector<std::string> training_presets() const = 0;
    virtual std::vector<TrainingOption> training_options(const TrainRequest& request) const = 0;
    virtual SystemInfo inspect_system() const = 0;
    virtual void release_unused_memory() const = 0;
    virtual CascadePreview plan_cascade(const CascadeRequest& request) const = 0;
    virtual ModelImportResult import_model(const ModelImportRequest& request,
                                           const OnModelImport& on_progress, std::stop_token stop) const = 0;
    virtual BenchmarkReport run_benchmark(const BenchmarkOptions& options, const OnBenchmark& on_result,
                                          std::stop_token stop) const = 0;
};

/// Settles what must be settled before LibTorch is loaded or a second thread runs: OpenMP threads that sleep
/// instead of spin, and an allocator that keeps large blocks. First line of main(). OpenMP reads its policy
/// before main(), since Qt's libraries bring it along, so a program that gives its `argv` is started anew
/// with the policy set.
void prepare_process(char** argv = nullptr);

/// Opens libreverie_core, and with it LibTorch, on the first call: about half a second. Any thread.
/// Throws Error if the library can't be opened.
const CoreLibrary& core_library();

} // namespace reverie
