// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace reverie {

struct BenchmarkOptions {
    std::string device = "auto"; ///< auto | cpu | cuda | cuda:N
    int threads = 0; ///< 0: all cores
    bool quick = false; ///< measure once instead of taking the median of nine (three for the slowest)
};

/// One piece of work of a fixed size, with random weights.
struct BenchmarkResult {
    std::string name;
    std::string unit; ///< "ms" (less is better), "GFLOP/s" or "pictures/s" (more is better)
    double value = 0; ///< the median
    double of_reference = 0; ///< time beside that of DALLE2-pytorch on a machine with this one's rate of
                             ///< matrix products; 0 where that is not known
};

struct BenchmarkReport {
    std::string device; ///< "cpu", "cuda:0"
    int threads = 0;
    std::vector<BenchmarkResult> results;
};

/// Called when a piece begins, with its name alone, and with what came of it.
using OnBenchmark = std::function<void(const BenchmarkResult&, bool done)>;

/// Measures matrix products, a training step of each kind of model, steps of drawing, a whole drawing, and
/// the reading of pictures. About a minute on two cores, some seconds if quick. Throws UsageError for a
/// device that is not there.
BenchmarkReport run_benchmark(const BenchmarkOptions& options, const OnBenchmark& on_result,
                              std::stop_token stop);

} // namespace reverie
