// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/benchmark.h"

namespace reverie {

/// What run_benchmark() does once LibTorch is loaded.
BenchmarkReport run_benchmark_here(const BenchmarkOptions& options, const OnBenchmark& on_result,
                                   std::stop_token stop);

} // namespace reverie
