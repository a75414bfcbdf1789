// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/benchmark_work.h"

#include <ATen/ATen.h>
#include <torch/torch.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

inline double seconds_since(std::chrono::steady_clock::time_point begin)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Runs `work` in turns with matrix products, so that what else the machine does slows both. The counter
/// "of_reference" is the time beside the reference's, had the reference run on a machine with this one's rate
/// of matrix products: 1 is as fast, below is faster.
template <typename Work>
void in_turns(benchmark::State& state, const reverie::ReferenceTime& reference, Work work)
{
    double sum = 0;
    reverie::product_rate(at::kCPU);
    for (auto _ : state) {
        const double before = reverie::product_rate(at::kCPU);
        const auto begin = std::chrono::steady_clock::now();
        work();
        const double seconds = seconds_since(begin);
        const double rate = (before + reverie::product_rate(at::kCPU)) / 2;
        const double reference_time = reference.at_rate(rate, at::get_num_threads());
        sum += reference_time > 0 ? seconds / reference_time : 0;
        state.SetIterationTime(seconds);
    }
    state.counters["of_reference"] = sum / double(state.iterations());
}

inline void median_of_nine(benchmark::internal::Benchmark* bench)
{
    bench->UseManualTime()
        ->Unit(benchmark::kMillisecond)
        ->Iterations(2)
        ->Repetitions(9)
        ->ReportAggregatesOnly();
}
