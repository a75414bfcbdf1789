// SPDX-License-Identifier: MIT
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <string>
#include <vector>

namespace reverie {

/// Seconds a piece of work takes the reference (DALLE2-pytorch 1.15.6 on PyTorch 1.13.1, float32, two cores
/// of an AMD EPYC) with one and with two threads; 0: not timed.
struct ReferenceTime {
    double one_thread = 0, two_threads = 0;
    /// Seconds it would take on a machine that does `gflops` in matrix products; 0 if it was not timed.
    [[nodiscard]] double at_rate(double gflops, int threads) const;
};

/// A piece of work with random weights on random input.
struct BenchmarkWork {
    std::string name;
    ReferenceTime reference;
    std::function<std::function<void()>(c10::Device)>
        prepare; ///< builds the model; what it gives does the work once
};

/// What machines are compared by: decoder_train_step, decoder_guided_step, prior_train_step,
/// prior_guided_step, clip_train_step and dalle2_cascade_sample.
std::vector<BenchmarkWork> benchmark_work();

/// GFLOP/s of a 1024-cube matrix product, as the machine is at this moment.
double product_rate(c10::Device device);

} // namespace reverie
