// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <torch/torch.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

/// Seconds a piece of work takes the reference (DALLE2-pytorch 1.15.6 on PyTorch 1.13.1, float32, two cores
/// of an AMD EPYC) with one and with two threads.
struct ReferenceTime {
    double one_thread, two_threads;
};

inline double seconds_since(std::chrono::steady_clock::time_point begin)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// GFLOP/s of a 1024-cube matrix product, as the machine is at this moment.
inline double product_rate()
{
    constexpr std::int64_t side = 1024;
    constexpr int products = 3;
    const torch::NoGradGuard no_grad;
    static const auto a = torch::rand({ side, side }), b = torch::rand({ side, side });
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < products; ++i)
        benchmark::DoNotOptimize(a.matmul(b));
    return 2e-9 * side * side * side * products / seconds_since(begin);
}

/// Runs `work` in turns with matrix products, so that what else the machine does slows both. The counter
/// "of_reference" is the time beside the reference's, had the reference run on a machine with this one's rate
/// of matrix products: 1 is as fast, below is faster.
template <typename Work>
void in_turns(benchmark::State& state, const ReferenceTime& reference, Work work)
{
    const bool one_thread = at::get_num_threads() == 1;
    const double reference_time = one_thread ? reference.one_thread : reference.two_threads;
    const double reference_rate = one_thread ? 103 : 189; // GFLOP/s of the machine it was timed on
    double sum = 0;
    product_rate();
    for (auto _ : state) {
        const double before = product_rate();
        const auto begin = std::chrono::steady_clock::now();
        work();
        const double seconds = seconds_since(begin);
        const double rate = (before + product_rate()) / 2;
        sum += seconds / (reference_time * reference_rate / rate);
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
