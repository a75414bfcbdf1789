// SPDX-License-Identifier: MIT
#include "core/api/benchmarking.h"
#include "core/api/cascade_planning.h"
#include "core/api/dataset_inspection.h"
#include "core/api/drawing_cost.h"
#include "core/api/library.h"
#include "core/api/model_assembly.h"
#include "core/api/model_info.h"
#include "core/api/option_listing.h"
#include "core/api/out_of_memory.h"
#include "core/api/pipeline_generator.h"
#include "core/api/run_planning.h"
#include "core/api/system_inspection.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/decode_picture.h"
#include "core/io/dataset_file.h"
#include "core/io/load_pipeline.h"
#include "core/nn/device.h"
#include "core/train/device_memory.h"
#include "core/train/run_training.h"

#include <c10/util/Exception.h>

#include <future>

namespace reverie {

namespace {

/// LibTorch's errors, said in one sentence.
template <class Call>
auto in_our_words(Call call)
{
    try {
        return call();
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        if (is_out_of_memory(error))
            throw Error(
                "There is not enough memory for this; draw fewer pictures at a time or use a smaller model.");
        const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
        if (!of_torch)
            throw;
        const std::string text = of_torch->what_without_backtrace();
        throw Error("LibTorch could not carry this out: " + text.substr(0, text.find('\n')));
    }
}

/// The same for every call of an embedder.
class TranslatingEmbedder : public Embedder
{
public:
    explicit TranslatingEmbedder(Embedder& inner)
        : inner_(inner)
    {
    }
    std::vector<Embedding> texts(const std::vector<std::string>& texts) override
    {
        return in_our_words([&] { return inner_.texts(texts); });
    }
    std::vector<Embedding> pictures(const std::vector<Image>& pictures) override
    {
        return in_our_words([&] { return inner_.pictures(pictures); });
    }
    std::vector<Embedding> imagined(const std::vector<std::string>& texts, std::uint64_t seed) override
    {
        return in_our_words([&] { return inner_.imagined(texts, seed); });
    }

private:
    Embedder& inner_;
};

/// And for every call of a generator.
class TranslatingGenerator : public Generator
{
public:
    explicit TranslatingGenerator(std::unique_ptr<Generator> inner)
        : inner_(std::move(inner))
        , embedder_(inner_->embedder())
    {
    }
    GenerateResult generate(const GenerateRequest& request, const OnGenerateUpdate& on_update,
                            std::stop_token stop) override
    {
        return in_our_words([&] { return inner_->generate(request, on_update, stop); });
    }
    Embedder& embedder() override { return embedder_; }

private:
    std::unique_ptr<Generator> inner_;
    TranslatingEmbedder embedder_;
};

/// Weights go straight to the device, in what products are computed in there.
WeightsPlace place_for(const GeneratorOptions& options)
{
    WeightsPlace place;
    place.device = device_named(options.device);
    if (options.dtype == "bf16")
        place.linear = at::kBFloat16;
    else if (options.dtype == "f16" && place.device.is_cuda())
        place.linear = at::kHalf;
    return place;
}

class Library : public CoreLibrary
{
public:
    std::unique_ptr<Generator> open_generator(const std::filesystem::path& model,
                                              const GeneratorOptions& options) const override
    {
        return in_our_words([&]() -> std::unique_ptr<Generator> {
            auto hash = std::async(std::launch::async, [&model] { return hash_file(model); });
            auto pipeline = load_pipeline(model, place_for(options));
            return std::make_unique<TranslatingGenerator>(
                std::make_unique<PipelineGenerator>(std::move(pipeline), hash.get(), options));
        });
    }
    DrawingPreview preview_drawing(const std::filesystem::path& model,
                                   const GenerateRequest& request) const override
    {
        return in_our_words([&] { return cost_of_drawing(model, request); });
    }
    Image read_pixels(const std::filesystem::path& picture) const override
    {
        return in_our_words([&] {
            constexpr std::array<std::uint8_t, 3> white = { 255, 255, 255 };
            need_picture_decoder();
            return decode_picture(read_file(picture), picture.string(), white, /*enough=*/0);
        });
    }
    DatasetInfo dataset_info(const std::string& spec) const override
    {
        return in_our_words([&] { return inspect_dataset(spec); });
    }
    DatasetCheck check_dataset(const std::string& spec, const DatasetCheckOptions& options,
                               const OnDatasetProgress& on_progress, std::stop_token stop) const override
    {
        return in_our_words([&] { return check_whole_dataset(spec, options, on_progress, stop); });
    }
    std::vector<DatasetSample> dataset_samples(const std::string& spec, int count, int size,
                                               const PictureOptions& options) const override
    {
        return in_our_words([&] { return draw_dataset_samples(spec, count, size, options); });
    }
    std::int64_t pack_dataset(const std::string& spec, int size, const PictureOptions& options,
                              const std::filesystem::path& out) const override
    {
        return in_our_words([&] { return write_dataset_pack(spec, size, options, out); });
    }
    TrainResult train(const TrainRequest& request, const OnTrainUpdate& on_update,
                      std::stop_token stop) const override
    {
        return in_our_words([&] { return run_training(request, on_update, stop); });
    }
    RunPreview preview_run(const TrainRequest& request, std::stop_token stop) const override
    {
        return in_our_words([&] { return preview_training(request, stop); });
    }
    std::string resolve_training_config(const TrainRequest& request) const override
    {
        return in_our_words([&] { return resolved_training_config(request); });
    }
    std::vector<std::string> training_presets() const override { return preset_names(); }
    std::vector<TrainingOption> training_options(const TrainRequest& request) const override
    {
        return in_our_words([&] { return listed_training_options(request); });
    }
    CascadePreview plan_cascade(const CascadeRequest& request) const override
    {
        return in_our_words([&] { return plan_cascade_here(request); });
    }
    ModelImportResult import_model(const ModelImportRequest& request, const OnModelImport& on_progress,
                                   std::stop_token stop) const override
    {
        return in_our_words([&] { return assemble_model(request, on_progress, stop); });
    }
    void release_unused_memory() const override { release_device_memory(); }
    SystemInfo inspect_system() const override
    {
        return in_our_words([] { return inspect_system_here(); });
    }
    BenchmarkReport run_benchmark(const BenchmarkOptions& options, const OnBenchmark& on_result,
                                  std::stop_token stop) const override
    {
        return in_our_words([&] { return run_benchmark_here(options, on_result, stop); });
    }
};

} // namespace

} // namespace reverie

extern "C" __attribute__((visibility("default"))) const reverie::CoreLibrary* reverie_core_library()
{
    static const reverie::Library library;
    return &library;
}
