// SPDX-License-Identifier: MIT
#include "core/data/sample_order.h"

#include "core/base/error.h"
#include "core/base/random_key.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <initializer_list>

namespace reverie {

namespace {

at::Generator source_of(std::initializer_list<std::uint64_t> key)
{
    return at::detail::createCPUGenerator(random_key(key));
}

Rows permutation(std::int64_t count, const at::Generator& source)
{
    const auto order = at::randperm(count, source, at::TensorOptions(at::kLong));
    const auto* first = order.data_ptr<std::int64_t>();
    return { first, first + count };
}

std::int64_t below(std::int64_t count, const at::Generator& source)
{
    return at::randint(count, { 1 }, source, at::TensorOptions(at::kLong)).item<std::int64_t>();
}

std::int64_t pieces(std::int64_t count, std::int64_t size)
{
    return (count + size - 1) / size;
}

} // namespace

SampleOrder::SampleOrder(Rows rows, std::int64_t batch, std::int64_t run_length, std::uint64_t key,
                         std::int64_t window)
    : rows_(std::move(rows))
    , batch_(batch)
    , run_length_(run_length)
    , window_(window)
    , key_(key)
{
    if (rows_.empty())
        throw UsageError("The data set has no pictures to train on; choose another.");
    if (run_length < 1)
        throw UsageError("The option run_length must be at least 1.");
    if (window < 0)
        throw UsageError("The option window must be 0 (all pictures) or more.");
}

void SampleOrder::enter_epoch(std::int64_t epoch)
{
    epoch_ = epoch;
    order_.clear();
    if (window_ == 0)
        return;
    const auto count = static_cast<std::int64_t>(rows_.size());
    const auto source = source_of({ key_, std::uint64_t(epoch) });
    windows_ = permutation(pieces(count, window_), source);
    begin_ = below(count, source);
}

/// Where runs and windows begin differs from epoch to epoch, so that every two neighbours meet.
void SampleOrder::enter_window(std::int64_t place)
{
    const auto count = static_cast<std::int64_t>(rows_.size());
    if (window_ == 0) {
        const auto source = source_of({ key_, std::uint64_t(epoch_) });
        const auto runs = permutation(pieces(count, run_length_), source);
        begin_ = run_length_ == 1 ? 0 : below(count, source);
        order_begin_ = 0;
        return shuffle(0, count, runs);
    }
    order_begin_ = 0;
    for (const auto window : windows_) {
        const auto first = window * window_, size = std::min(window_, count - first);
        if (place < order_begin_ + size) {
            const auto source = source_of({ key_, std::uint64_t(epoch_), std::uint64_t(window) });
            return shuffle(first, size, permutation(pieces(size, run_length_), source));
        }
        order_begin_ += size;
    }
}

void SampleOrder::shuffle(std::int64_t first, std::int64_t count, const Rows& runs)
{
    order_.clear();
    for (const auto run : runs) {
        const auto end = std::min((run + 1) * run_length_, count);
        for (auto row = run * run_length_; row < end; ++row)
            order_.push_back(rows_[(std::size_t(first + row + begin_)) % rows_.size()]);
    }
}

Rows SampleOrder::at_step(std::int64_t step)
{
    const auto count = static_cast<std::int64_t>(rows_.size());
    Rows batch;
    for (std::int64_t position = step * batch_; position < (step + 1) * batch_; ++position) {
        const auto place = position % count;
        if (epoch_ != position / count)
            enter_epoch(position / count);
        if (place < order_begin_ || place >= order_begin_ + std::int64_t(order_.size()))
            enter_window(place);
        batch.push_back(order_[std::size_t(place - order_begin_)]);
    }
    return batch;
}

} // namespace reverie
