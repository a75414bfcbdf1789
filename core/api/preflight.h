// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace reverie {

/// What is asked of a model that does not exist yet.
struct CascadeRequest {
    int size = 64; ///< side of the finished pictures
    std::optional<std::int64_t>
        parameters; ///< at most so many in all networks; 100 million without any bound
    std::optional<std::uint64_t> memory_bytes; ///< at most so much at the peak of training
    int batch = 16; ///< pictures of a training step
    double gflops = 0; ///< rate of matrix products that times are reckoned with; 0 measures this machine's
};

/// One network and what it will take. Times are those of its products alone, so a little short.
struct CascadePartPreview {
    std::string part; ///< clip, prior, unet1, ...
    std::string shape; ///< its width and depth in a few words
    int size = 0; ///< side of the pictures it draws; 0 for CLIP and the prior
    int training_size = 0; ///< of the crops it learns from
    std::int64_t parameters = 0;
    std::uint64_t training_bytes = 0; ///< peak of the process beside LibTorch itself, all weights included
    std::uint64_t sampling_bytes = 0;
    double training_step_flops = 0, training_step_seconds = 0; ///< of a batch
    int steps = 0; ///< of sampling
    double sampling_step_flops = 0, sampling_seconds = 0; ///< of one guided picture; the seconds of all steps
};

struct CascadePreview {
    CascadeRequest request; ///< with the rate filled in
    std::vector<CascadePartPreview> parts;
    std::int64_t parameters = 0;
    std::uint64_t training_bytes = 0, sampling_bytes = 0; ///< of the part that takes most
    double sampling_seconds = 0;
    std::string config; ///< the training configuration, as `dream train --config` takes it: JSON
};

/// The largest text-to-image model within the bounds. Nothing is allocated for it. Throws UsageError if there
/// is none.
CascadePreview plan_cascade(const CascadeRequest& request);

} // namespace reverie
