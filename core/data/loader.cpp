// SPDX-License-Identifier: MIT
#include "core/data/loader.h"

#include "core/base/error.h"
#include "core/base/random_key.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <thread>

namespace reverie {

namespace {

/// The first of a rank's samples of a step.
std::int64_t first_of(const LoaderOptions& options, std::int64_t rank)
{
    return options.batch * rank / options.world_size;
}

} // namespace

Loader::Loader(const Dataset& dataset, const LoaderOptions& options)
    : dataset_(dataset)
    , options_(options)
    , order_(dataset.train(), options.batch, options.run_length, options.key, options.window)
{
    const auto& o = options_;
    if (o.world_size < 1 || o.rank < 0 || o.rank >= o.world_size)
        throw UsageError("There is no rank " + std::to_string(o.rank) + " among "
                         + std::to_string(o.world_size) + "; ranks count from 0.");
    if (o.batch < std::max<std::int64_t>(o.world_size, 1))
        throw UsageError("A step of " + std::to_string(o.batch) + " samples can't be shared out among "
                         + std::to_string(o.world_size) + " processes; start at most one for each sample.");
    if (!o.uneven && o.batch % o.world_size != 0)
        throw UsageError("A batch of " + std::to_string(o.batch) + " can't be shared out evenly among "
                         + std::to_string(o.world_size) + " processes; choose a multiple.");
    if (options_.ahead < 1)
        options_.ahead = std::int64_t(std::max(1U, std::thread::hardware_concurrency())) + 1;
}

Rows Loader::share_of(const Rows& rows) const
{
    return { rows.begin() + first_of(options_, options_.rank),
             rows.begin() + first_of(options_, options_.rank + 1) };
}

Batch Loader::next()
{
    while (std::int64_t(coming_.size()) < options_.ahead) {
        const auto step = step_ + std::int64_t(coming_.size());
        coming_.push_back(
            std::async(std::launch::async, [this, step, rows = share_of(order_.at_step(step))]() mutable {
                return load(step, std::move(rows));
            }));
    }
    auto ready = std::move(coming_.front());
    coming_.pop_front();
    ++step_;
    auto batch = ready.get();
    std::erase_if(batch.skipped, [this](const Flaw& flaw) { return !skipped_.insert(flaw.row).second; });
    return batch;
}

Batch Loader::load(std::int64_t step, Rows rows) const
{
    constexpr std::uint64_t for_views = 0x7669657773; // apart from the noise of the same sample
    const auto count = std::int64_t(rows.size()), size = std::int64_t{ dataset_.size() };
    Batch batch{ step, first_of(options_, options_.rank), std::move(rows), {}, {} };
    if (!options_.pictures || !dataset_.has_pictures())
        return batch;
    batch.pictures = at::empty({ count, 3, size, size }, at::kByte);
    auto* planes = batch.pictures.data_ptr<std::uint8_t>();
    for (std::int64_t i = 0; i < count; ++i) {
        auto& row = batch.rows[std::size_t(i)];
        const auto key
            = random_key({ options_.key, std::uint64_t(step), std::uint64_t(batch.first + i), for_views });
        row = draw_readable(row, key, planes + i * 3 * size * size, batch.skipped);
    }
    return batch;
}

/// The row that was drawn: this one, or the next of the split that can be read.
std::int64_t Loader::draw_readable(std::int64_t row, std::uint64_t key, std::uint8_t* planes,
                                   std::vector<Flaw>& skipped) const
{
    constexpr std::int64_t most_tries = 100;
    const auto& all = dataset_.train();
    auto at = std::lower_bound(all.begin(), all.end(), row) - all.begin();
    const auto tries = std::min<std::int64_t>(most_tries, std::int64_t(all.size()));
    for (std::int64_t i = 0; i < tries; ++i, at = (at + 1) % std::int64_t(all.size())) {
        try {
            dataset_.draw(all[std::size_t(at)], key, planes);
            return all[std::size_t(at)];
        } catch (const Error& error) {
            skipped.push_back({ Flaw::Kind::unreadable, all[std::size_t(at)], error.what() });
        }
    }
    throw Error(std::to_string(tries) + " pictures in a row can't be read, the last because "
                + skipped.back().sentence + " See what is wrong with \"dream dataset check\".");
}

LoaderPosition Loader::position() const
{
    return { step_, { skipped_.begin(), skipped_.end() } };
}

void Loader::seek(const LoaderPosition& position)
{
    coming_.clear(); // waits for them
    step_ = position.step;
    skipped_ = { position.skipped.begin(), position.skipped.end() };
}

} // namespace reverie
