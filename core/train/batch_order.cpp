// SPDX-License-Identifier: MIT
#include "core/train/batch_order.h"

#include "core/base/error.h"
#include "core/base/random_key.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

std::uint64_t name_key(const std::string& name)
{
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const unsigned char byte : name)
        hash = (hash ^ byte) * 0x100000001b3ULL;
    return hash;
}

BatchOrder::BatchOrder(Rows rows, std::int64_t batch, std::int64_t run_length, std::uint64_t key)
    : rows_(std::move(rows))
    , batch_(batch)
    , run_length_(run_length)
    , key_(key)
{
    if (rows_.empty())
        throw UsageError("The data set has no pictures to train on; choose another.");
    if (run_length < 1)
        throw UsageError("The option run_length must be at least 1.");
}

void BatchOrder::shuffle()
{
    const auto count = static_cast<std::int64_t>(rows_.size());
    auto source = at::detail::createCPUGenerator(random_key({ key_, std::uint64_t(epoch_) }));
    const auto runs = torch::randperm((count + run_length_ - 1) / run_length_, source, torch::kLong);
    // Where runs begin differs from epoch to epoch, so that every two neighbours meet.
    const auto begin
        = run_length_ == 1 ? 0 : torch::randint(count, { 1 }, source, torch::kLong).item<std::int64_t>();
    order_.clear();
    for (std::int64_t i = 0; i < runs.numel(); ++i) {
        const auto first = runs[i].item<std::int64_t>() * run_length_;
        for (auto row = first; row < std::min(first + run_length_, count); ++row)
            order_.push_back(rows_[std::size_t((row + begin) % count)]);
    }
}

Rows BatchOrder::at_step(std::int64_t step)
{
    const auto count = static_cast<std::int64_t>(rows_.size());
    Rows batch;
    for (std::int64_t position = step * batch_; position < (step + 1) * batch_; ++position) {
        if (epoch_ != position / count) {
            epoch_ = position / count;
            shuffle();
        }
        batch.push_back(order_[std::size_t(position % count)]);
    }
    return batch;
}

Rows spread(const Rows& rows, std::size_t count)
{
    Rows chosen;
    count = std::min(count, rows.size());
    for (std::size_t i = 0; i < count; ++i)
        chosen.push_back(rows[i * rows.size() / count]);
    return chosen;
}

std::string listed(const Rows& rows)
{
    constexpr std::size_t most = 16;
    std::string text;
    for (std::size_t i = 0; i < std::min(rows.size(), most); ++i)
        text += (i ? ", " : "") + std::to_string(rows[i]);
    return rows.size() > most ? text + " and " + std::to_string(rows.size() - most) + " more" : text;
}

} // namespace reverie
