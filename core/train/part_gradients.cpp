// SPDX-License-Identifier: MIT
#include "core/base/random_key.h"
#include "core/train/chunks.h"
#include "core/train/part_trainer.h"
#include "core/train/step_noise.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <algorithm>
#include <future>

namespace reverie {

namespace {

using nlohmann::json;

Rows part_of(const Rows& rows, const Chunk& chunk)
{
    return { rows.begin() + chunk.begin, rows.begin() + chunk.end };
}

} // namespace

PartTrainer::Keys PartTrainer::keys_of(std::int64_t begin, std::int64_t end) const
{
    Keys keys;
    for (auto sample = begin; sample < end; ++sample)
        keys.push_back(random_key({ key_, std::uint64_t(steps_done_), std::uint64_t(sample) }));
    return keys;
}

/// The pieces in which one process would compute the step. What concerns a whole batch is drawn once for each
/// of them, however many ranks share them out.
std::vector<PartTrainer::Piece> PartTrainer::pieces_of_step() const
{
    std::vector<Piece> pieces;
    for (const auto& chunk : chunks(samples(), options_.max_batch_size)) {
        const auto count = chunk.end - chunk.begin;
        for (const auto& shard : chunks(count, (count + options_.shards - 1) / options_.shards))
            pieces.push_back({ chunk.begin + shard.begin, chunk.begin + shard.end });
    }
    return pieces;
}

/// What these rows, the first of which is the sample `first` of the step, add to its loss: ().
Tensor PartTrainer::loss_share(const Rows& rows, std::int64_t first)
{
    const Autocast autocast(parameters_[0].device(), options_.precision);
    const auto end = first + std::int64_t(rows.size());
    Tensor sum;
    for (const auto& whole : pieces_of_step()) {
        const Piece piece{ std::max(first, whole.begin), std::min(end, whole.end) };
        if (piece.begin >= piece.end)
            continue;
        StepNoise noise(keys_of(piece.begin, piece.end), keys_of(whole.begin, whole.end));
        const Rows some(rows.begin() + (piece.begin - first), rows.begin() + (piece.end - first));
        const auto share = double(some.size()) / double(samples());
        const auto loss = objective_.loss(some, noise).to(torch::kFloat) * share;
        sum = sum.defined() ? sum + loss : loss;
    }
    return sum;
}

Tensor PartTrainer::scaled(const Tensor& loss) const
{
    return options_.precision == "f16" ? loss * scaler_.scale() : loss;
}

PartTrainer::Gradients PartTrainer::gradients_of_piece(const Rows& rows, std::int64_t first)
{
    const auto loss = loss_share(rows, first);
    auto gradients = torch::autograd::grad({ scaled(loss) }, parameters_, /*grad_outputs=*/{},
                                           /*retain_graph=*/false, /*create_graph=*/false,
                                           /*allow_unused=*/true);
    return { loss.detach(), std::move(gradients) };
}

/// Pieces that are computed side by side. A rank has no use for more than its threads, and with one of them
/// sends what it has while it computes the rest.
std::int64_t PartTrainer::shards() const
{
    return team_.group.is_alone() ? options_.shards
                                  : std::min<std::int64_t>(options_.shards, at::get_num_threads());
}

/// The sum of shards() equal pieces, a thread each.
PartTrainer::Gradients PartTrainer::side_by_side(const Rows& rows, std::int64_t first)
{
    const auto count = static_cast<std::int64_t>(rows.size());
    const auto shards = this->shards();
    std::vector<std::future<Gradients>> pieces;
    for (const auto& chunk : chunks(count, (count + shards - 1) / shards))
        pieces.push_back(std::async(shards == 1 ? std::launch::deferred : std::launch::async,
                                    [this, &rows, first, shards, chunk] {
                                        if (shards > 1)
                                            at::set_num_threads(1);
                                        return gradients_of_piece(part_of(rows, chunk), first + chunk.begin);
                                    }));
    Gradients sum;
    for (auto& future : pieces) { // in order, so that rounding does not depend on which is ready first
        auto part = future.get();
        sum.loss = sum.loss.defined() ? sum.loss + part.loss : part.loss;
        sum.gradients.resize(parameters_.size());
        for (std::size_t i = 0; i < parameters_.size(); ++i)
            if (auto& total = sum.gradients[i]; part.gradients[i].defined())
                total = total.defined() ? total + part.gradients[i] : part.gradients[i];
    }
    return sum;
}

/// A rank that has more than one rank's batch to compute does so in pieces that fit its memory.
std::int64_t PartTrainer::chunk_size() const
{
    const auto most = options_.max_batch_size;
    if (samples() <= options_.batch * team_.group.size() || objective_.compares_samples())
        return most;
    return most > 0 ? std::min(most, options_.batch) : options_.batch;
}

/// Fills the gradients of a step, chunk after chunk and summed over the ranks. Returns this rank's share of
/// the loss.
Tensor PartTrainer::gradients_of(const Rows& rows, std::int64_t first)
{
    const torch::AutoGradMode with_grad(true);
    auto& group = team_.group;
    GradientSum sum(parameters_, group);
    Tensor loss;
    std::vector<Tensor> gradients(parameters_.size());
    const auto pieces = chunks(std::int64_t(rows.size()), chunk_size());
    for (const auto& chunk : pieces) {
        const auto part_rows = part_of(rows, chunk);
        const bool sends = !group.is_alone() && shards() == 1 && &chunk == &pieces.back();
        auto part = sends ? Gradients{ send_meanwhile(part_rows, first + chunk.begin, gradients, sum), {} }
                          : side_by_side(part_rows, first + chunk.begin);
        loss = loss.defined() ? loss + part.loss : part.loss;
        for (std::size_t i = 0; i < part.gradients.size(); ++i)
            if (part.gradients[i].defined())
                gradients[i] = gradients[i].defined() ? gradients[i] + part.gradients[i] : part.gradients[i];
    }
    if (!group.is_alone()) {
        for (std::size_t i = parameters_.size(); i-- > 0;)
            if (!sum.has(i))
                sum.add(i, gradients[i]);
        gradients = sum.finish();
    }
    const double scale = options_.precision == "f16" ? scaler_.scale() : 1;
    for (std::size_t i = 0; i < parameters_.size(); ++i)
        parameters_[i].mutable_grad()
            = gradients[i].defined() && scale != 1 ? gradients[i] / scale : gradients[i];
    return loss;
}

/// The last piece of a step, whose gradients, together with those before it, go to the other ranks as they
/// come.
Tensor PartTrainer::send_meanwhile(const Rows& rows, std::int64_t first, const std::vector<Tensor>& so_far,
                                   GradientSum& sum)
{
    for (auto& parameter : parameters_)
        parameter.mutable_grad() = Tensor();
    const GradientHooks hooks(parameters_, [&](std::size_t i) {
        const auto& gradient = parameters_[i].grad();
        sum.add(i, so_far[i].defined() ? so_far[i] + gradient : gradient);
    });
    const auto loss = loss_share(rows, first);
    torch::autograd::backward({ scaled(loss) }, /*grad_tensors=*/{}, /*retain_graph=*/false,
                              /*create_graph=*/false, parameters_);
    return loss.detach();
}

/// The loss of the whole step, and what any rank could not read.
Tensor PartTrainer::sum_over_ranks(const Tensor& loss, std::vector<Flaw>& skipped)
{
    auto& group = team_.group;
    if (group.is_alone())
        return loss;
    auto numbers = torch::stack({ loss, torch::full({}, double(skipped.size()), loss.options()) });
    group.sum(numbers);
    if (numbers[1].item<double>() > 0) {
        auto flaws = json::array();
        for (const auto& flaw : skipped)
            flaws.push_back({ flaw.row, flaw.sentence });
        skipped.clear();
        for (const auto& text : group.gather(flaws.dump(-1, ' ', false, json::error_handler_t::replace)))
            for (const auto& flaw : json::parse(text))
                skipped.push_back({ Flaw::Kind::unreadable, flaw[0], flaw[1] });
    }
    return numbers[0];
}

} // namespace reverie
