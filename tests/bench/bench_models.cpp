// SPDX-License-Identifier: MIT
// The pieces of work of `dream bench`, beside what the reference needs for them. Threads: OMP_NUM_THREADS, or
// all cores.
#include "core/api/library.h"
#include "tests/bench/in_turns.h"

#include <torch/torch.h>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <thread>

int main(int argc, char** argv)
{
    reverie::prepare_process();
    const auto* const threads = std::getenv("OMP_NUM_THREADS");
    at::set_num_threads(threads ? std::atoi(threads) : int(std::thread::hardware_concurrency()));
    benchmark::Initialize(&argc, argv);
    for (const auto& work : reverie::benchmark_work())
        median_of_nine(benchmark::RegisterBenchmark(work.name.c_str(), [work](benchmark::State& state) {
            in_turns(state, work.reference, work.prepare(at::kCPU));
        }));
    benchmark::RunSpecifiedBenchmarks();
}
