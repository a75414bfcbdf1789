// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/safetensors.h"
#include "core/run/rank.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace reverie {

/// The processes that train one model together, over c10d: NCCL among CUDA devices, Gloo otherwise. Rank 0
/// leads. Every call but those of one rank alone must be made by all ranks in the same order; it throws
/// RankError if one of them has ended. A group of one does nothing.
class ProcessGroup
{
public:
    /// A process alone.
    explicit ProcessGroup(std::stop_token stop = {});
    /// Waits until all ranks are there. Throws UsageError if this LibTorch has no Gloo, Error if ranks don't
    /// come, and gives nothing if it was stopped meanwhile.
    static std::unique_ptr<ProcessGroup> join(const Rank& rank, std::stop_token stop);
    ~ProcessGroup();
    ProcessGroup(const ProcessGroup&) = delete;
    ProcessGroup& operator=(const ProcessGroup&) = delete;

    [[nodiscard]] int rank() const { return rank_.rank; }
    [[nodiscard]] int size() const { return rank_.ranks; }
    [[nodiscard]] bool leads() const { return rank_.rank == 0; }
    [[nodiscard]] bool is_alone() const { return rank_.ranks == 1; }
    [[nodiscard]] const Rank& place() const { return rank_; }

    /// Tensors of this device are computed with from here on.
    void use(at::Device device);

    /// A sum that is on its way.
    class Pending
    {
    public:
        virtual ~Pending() = default;
        /// The tensor holds the sum afterwards.
        virtual void wait() = 0;
    };
    /// Begins to add up a dense tensor of all ranks, in place; it must live until wait().
    std::unique_ptr<Pending> start_sum(at::Tensor& tensor);
    void sum(at::Tensor& tensor);
    /// The rows of all ranks in their order, (b, ...) to (sum of all b, ...), with the gradients that every
    /// rank has for them.
    at::Tensor gather(const at::Tensor& rows);
    /// A text of every rank, by rank.
    std::vector<std::string> gather(const std::string& text);
    /// Rank 0's.
    std::string broadcast(const std::string& text);
    TensorMap broadcast(const TensorMap& tensors);

    /// Set when this process is asked to stop, for rank 0 also when another one is.
    [[nodiscard]] std::stop_token stop_token() const;
    /// Called some seconds after a rank has ended, if this one is still computing then.
    void on_stuck(std::function<void(const std::string& sentence)> act);
    /// This rank ends, all being well.
    void leave();
    /// It ends because of something, which the others then say.
    void fail(const std::string& reason);

private:
    struct Connection;
    ProcessGroup(const Rank& rank, std::unique_ptr<Connection> connection);

    Rank rank_;
    std::stop_token stop_;
    std::unique_ptr<Connection> connection_; ///< null: alone
};

} // namespace reverie
