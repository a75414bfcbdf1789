// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/process_group.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace reverie {

/// The sum over all ranks of one step's gradients, in flat buckets that are sent as soon as they are full and
/// those before them are on their way: parameters are taken from the last to the first, as a backward pass
/// gives their gradients, so that it goes on meanwhile.
class GradientSum
{
public:
    /// Buckets hold at most `bucket_bytes`, or one parameter.
    GradientSum(const std::vector<at::Tensor>& parameters, ProcessGroup& group,
                std::int64_t bucket_bytes = 25 << 20);
    ~GradientSum();
    GradientSum(const GradientSum&) = delete;
    GradientSum& operator=(const GradientSum&) = delete;

    /// The gradient of parameter i, once; an undefined one adds nothing.
    void add(std::size_t i, const at::Tensor& gradient);
    [[nodiscard]] bool has(std::size_t i) const { return places_[i].added; }
    /// Waits for the sums, by parameter; undefined where no rank has a gradient. What was not added counts as
    /// undefined.
    std::vector<at::Tensor> finish();

private:
    struct Bucket {
        std::vector<std::size_t> parameters;
        std::int64_t numbers = 0; ///< of the gradients; behind them stands how many ranks have each
        std::vector<float> marks; ///< 1 where this rank has one
        std::size_t missing = 0; ///< gradients that have not been added
        at::Tensor flat;
        std::unique_ptr<ProcessGroup::Pending> sum;
    };
    struct Place {
        std::size_t bucket = 0;
        std::int64_t begin = 0; ///< in the flat tensor
        std::size_t mark = 0;
        bool added = false;
    };

    void send_full_ones();

    const std::vector<at::Tensor>& parameters_;
    ProcessGroup& group_;
    std::vector<Bucket> buckets_;
    std::vector<Place> places_;
    std::size_t sent_ = 0; ///< buckets; every rank sends them in the same order
};

/// Calls `act` with the number of each parameter once a backward pass has accumulated its gradient, until it
/// goes.
class GradientHooks
{
public:
    GradientHooks(const std::vector<at::Tensor>& parameters, std::function<void(std::size_t)> act);
    ~GradientHooks();
    GradientHooks(const GradientHooks&) = delete;
    GradientHooks& operator=(const GradientHooks&) = delete;

private:
    struct Hooks;
    std::unique_ptr<Hooks> hooks_;
};

} // namespace reverie
