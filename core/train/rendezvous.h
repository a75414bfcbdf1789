// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/rank.h"
#include "core/train/lifeline.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <stop_token>

namespace reverie {

/// What several processes compute together, over one of c10d's process groups. Throws what that throws.
class Collectives
{
public:
    class Work
    {
    public:
        virtual ~Work() = default;
        virtual void wait() = 0;
    };
    virtual ~Collectives() = default;
    /// Begins to add up a dense tensor, in place.
    virtual std::unique_ptr<Work> sum(at::Tensor& tensor) = 0;
    /// Rank 0's tensor comes into that of the others.
    virtual void broadcast(at::Tensor& tensor) = 0;
    /// The same ranks' way between CUDA devices. Throws UsageError if this LibTorch has no NCCL.
    virtual std::unique_ptr<Collectives> on(at::Device device) = 0;
};

struct Meeting {
    std::unique_ptr<Lifeline> lifeline;
    std::unique_ptr<Collectives> messages; ///< between processors
};

/// Brings the ranks together. None if it was stopped meanwhile. Throws UsageError if this LibTorch has no
/// Gloo, Error if ranks don't come.
std::optional<Meeting> meet(const Rank& rank, const std::stop_token& stop);

} // namespace reverie
