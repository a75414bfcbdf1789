// SPDX-License-Identifier: MIT
#include "core/api/benchmarking.h"

#include "core/api/benchmark_work.h"
#include "core/base/file.h"
#include "core/data/loader.h"
#include "core/data/shapes.h"
#include "core/io/dataset_file.h"
#include "core/io/png.h"
#include "core/nn/device.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <unistd.h>

namespace reverie {

namespace {

namespace fs = std::filesystem;

constexpr int usual_times = 9, times_of_slow = 3;
constexpr double slow = 1; ///< seconds from which on fewer times do

double seconds_of(const std::function<void()>& work)
{
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values)
{
    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// Pictures of 256 pixels a side in a folder of their own, which goes with this.
class PictureFolder
{
public:
    explicit PictureFolder(int count)
        : path(fs::temp_directory_path() / ("reverie-bench-" + std::to_string(getpid())))
    {
        fs::create_directories(path);
        for (int i = 0; i < count; ++i) {
            const auto scene = shape_scene(std::uint64_t(i));
            write_file(path / (scene.caption + " " + std::to_string(i) + ".png"),
                       encode_png(draw_scene(scene, 256)));
        }
    }
    ~PictureFolder()
    {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    PictureFolder(const PictureFolder&) = delete;
    PictureFolder& operator=(const PictureFolder&) = delete;

    fs::path path;
};

class Benchmark
{
public:
    Benchmark(const BenchmarkOptions& options, OnBenchmark on_result, std::stop_token stop)
        : device_(device_named(options.device))
        , quick_(options.quick)
        , on_result_(std::move(on_result))
        , stop_(std::move(stop))
    {
        const auto cores = int(std::max(1U, std::thread::hardware_concurrency()));
        at::set_num_threads(options.threads > 0 ? options.threads : cores);
        report_.device = device_.str();
        report_.threads = at::get_num_threads();
    }

    BenchmarkReport run()
    {
        measure_products();
        for (const auto& work : benchmark_work())
            if (!stop_.stop_requested())
                measure(work);
#ifdef REVERIE_WITH_QT // which decodes the pictures
        if (!stop_.stop_requested())
            measure_loader();
#endif
        return std::move(report_);
    }

private:
    void begin(const std::string& name) const
    {
        if (on_result_)
            on_result_({ .name = name }, /*done=*/false);
    }

    void add(BenchmarkResult result)
    {
        report_.results.push_back(std::move(result));
        if (on_result_)
            on_result_(report_.results.back(), /*done=*/true);
    }

    void measure_products()
    {
        begin("matrix_product");
        product_rate(device_);
        std::vector<double> rates;
        for (int i = 0; i < (quick_ ? 1 : usual_times); ++i)
            rates.push_back(product_rate(device_));
        add({ "matrix_product", "GFLOP/s", median(rates), 0 });
    }

    /// In turns with matrix products, so that what else the machine does slows both.
    void measure(const BenchmarkWork& work)
    {
        begin(work.name);
        torch::manual_seed(1);
        const auto once = work.prepare(device_);
        const double warm_up = seconds_of(once);
        const int times = quick_ ? 1 : warm_up > slow ? times_of_slow : usual_times;
        std::vector<double> seconds, shares;
        for (int i = 0; i < times && !stop_.stop_requested(); ++i) {
            const double before = product_rate(device_);
            seconds.push_back(seconds_of(once));
            const double rate = (before + product_rate(device_)) / 2;
            const double reference = work.reference.at_rate(rate, report_.threads);
            shares.push_back(reference > 0 ? seconds.back() / reference : 0);
        }
        if (!seconds.empty())
            add({ work.name, "ms", 1000 * median(seconds), median(shares) });
    }

    /// Pictures of 256 pixels a side from a folder, at 64.
    void measure_loader()
    {
        begin("picture_loader");
        constexpr std::int64_t batch = 32;
        const PictureFolder folder(64);
        const auto dataset = open_dataset(folder.path.string(), 64, {});
        LoaderOptions options;
        options.batch = batch;
        Loader loader(*dataset, options);
        loader.next();
        const int batches = quick_ ? 4 : 40;
        const double seconds = seconds_of([&] {
            for (int i = 0; i < batches; ++i)
                loader.next();
        });
        add({ "picture_loader", "pictures/s", double(batch * batches) / seconds, 0 });
    }

    at::Device device_;
    bool quick_;
    OnBenchmark on_result_;
    std::stop_token stop_;
    BenchmarkReport report_;
};

} // namespace

BenchmarkReport run_benchmark_here(const BenchmarkOptions& options, const OnBenchmark& on_result,
                                   std::stop_token stop)
{
    return Benchmark(options, on_result, std::move(stop)).run();
}

} // namespace reverie
