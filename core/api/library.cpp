// SPDX-License-Identifier: MIT
#include "core/api/library.h"

#include "core/base/error.h"

#include <cstdlib>
#include <dlfcn.h>
#include <malloc.h>
#include <unistd.h>

namespace reverie {

namespace {

const CoreLibrary& open_core_library()
{
    void* handle = dlopen("libreverie_core.so", RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        throw Error(std::string("The model library can't be opened (") + dlerror()
                    + "); install Reverie's packages again.");
    using Entry = const CoreLibrary* (*)();
    auto* entry = reinterpret_cast<Entry>(dlsym(handle, "reverie_core_library"));
    if (!entry)
        throw Error(
            "libreverie_core.so belongs to another version of Reverie; install Reverie's packages again.");
    return *entry();
}

} // namespace

void prepare_process(char** argv)
{
    if (!std::getenv("OMP_WAIT_POLICY")) {
        setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);
        std::error_code failure;
        const auto program = std::filesystem::read_symlink("/proc/self/exe", failure);
        if (argv && !failure)
            execv(program.c_str(), argv); // returns only if it fails; the program is slower then, no more
    }
    // Training frees and takes the same blocks of some MiB at every step; returning them to the system each
    // time costs half as much again.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_ARENA_MAX, 1);
}

const CoreLibrary& core_library()
{
    static const CoreLibrary& library = open_core_library();
    return library;
}

std::unique_ptr<Generator> open_generator(const std::filesystem::path& model, const GeneratorOptions& options)
{
    return core_library().open_generator(model, options);
}

DrawingPreview preview_drawing(const std::filesystem::path& model, const GenerateRequest& request)
{
    return core_library().preview_drawing(model, request);
}

DatasetInfo dataset_info(const std::string& spec)
{
    return core_library().dataset_info(spec);
}

DatasetCheck check_dataset(const std::string& spec, const DatasetCheckOptions& options,
                           const OnDatasetProgress& on_progress, std::stop_token stop)
{
    return core_library().check_dataset(spec, options, on_progress, std::move(stop));
}

std::vector<DatasetSample> dataset_samples(const std::string& spec, int count, int size,
                                           const PictureOptions& options)
{
    return core_library().dataset_samples(spec, count, size, options);
}

std::int64_t pack_dataset(const std::string& spec, int size, const PictureOptions& options,
                          const std::filesystem::path& out)
{
    return core_library().pack_dataset(spec, size, options, out);
}

TrainResult train(const TrainRequest& request, const OnTrainUpdate& on_update, std::stop_token stop)
{
    return core_library().train(request, on_update, std::move(stop));
}

RunPreview preview_run(const TrainRequest& request, std::stop_token stop)
{
    return core_library().preview_run(request, std::move(stop));
}

std::string resolve_training_config(const TrainRequest& request)
{
    return core_library().resolve_training_config(request);
}

std::vector<std::string> training_presets()
{
    return core_library().training_presets();
}

std::vector<TrainingOption> training_options(const TrainRequest& request)
{
    return core_library().training_options(request);
}

CascadePreview plan_cascade(const CascadeRequest& request)
{
    return core_library().plan_cascade(request);
}

SystemInfo inspect_system()
{
    return core_library().inspect_system();
}

BenchmarkReport run_benchmark(const BenchmarkOptions& options, const OnBenchmark& on_result,
                              std::stop_token stop)
{
    return core_library().run_benchmark(options, on_result, std::move(stop));
}

void release_unused_memory()
{
    core_library().release_unused_memory();
}

ModelImportResult import_model(const ModelImportRequest& request, const OnModelImport& on_progress,
                               std::stop_token stop)
{
    return core_library().import_model(request, on_progress, std::move(stop));
}

} // namespace reverie
