// SPDX-License-Identifier: MIT
#include "core/train/part_trainer.h"

#include "core/base/error.h"
#include "core/base/random_key.h"

#include <torch/torch.h>

#include <algorithm>
#include <future>
#include <set>

namespace reverie {

namespace {

/// Those that train, each once: modules may share them.
std::vector<Tensor> trained_parameters(const torch::nn::Module& module)
{
    std::set<void*> seen;
    std::vector<Tensor> parameters;
    for (const auto& parameter : module.parameters())
        if (parameter.requires_grad() && seen.insert(parameter.unsafeGetTensorImpl()).second)
            parameters.push_back(parameter);
    return parameters;
}

} // namespace

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

PartTrainer::PartTrainer(Objective& objective, const PartOptions& options, const std::string& part,
                         std::uint64_t seed, const Rows& rows)
    : objective_(objective)
    , options_(options)
    , key_(random_key({ seed, name_key(part) }))
    , batches_(rows, options.batch, options.run_length, key_)
    , parameters_(trained_parameters(objective.module()))
    , optimizer_(parameters_, options)
    , average_(parameters_, options)
{
    objective_.module().train();
}

PartTrainer::Step PartTrainer::step()
{
    std::vector<std::uint64_t> keys;
    for (std::int64_t sample = 0; sample < options_.batch; ++sample)
        keys.push_back(random_key({ key_, std::uint64_t(steps_done_), std::uint64_t(sample) }));
    const double lr = learning_rate(options_, steps_done_);
    const auto loss = gradients_of(batches_.at_step(steps_done_), keys);
    const auto norm = optimizer_.step(lr);
    average_.update();
    ++steps_done_;
    return { loss, norm, lr };
}

PartTrainer::Piece PartTrainer::piece(const Rows& rows, const std::vector<std::uint64_t>& keys)
{
    KeyedNoise noise(keys);
    const auto share = double(rows.size()) / double(options_.batch);
    const auto loss = objective_.loss(rows, noise) * share;
    auto gradients = torch::autograd::grad({ loss }, parameters_, /*grad_outputs=*/{}, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
    return { loss.detach(), std::move(gradients) };
}

/// Fills the gradients of a batch and returns its loss.
Tensor PartTrainer::gradients_of(const Rows& rows, const std::vector<std::uint64_t>& keys)
{
    std::vector<std::future<Piece>> pieces;
    const auto size = options_.batch / options_.shards;
    for (std::int64_t begin = 0; begin < options_.batch; begin += size)
        pieces.push_back(std::async(options_.shards == 1 ? std::launch::deferred : std::launch::async,
                                    [this, &rows, &keys, begin, size] {
                                        if (options_.shards > 1)
                                            at::set_num_threads(1);
                                        const auto end = begin + size;
                                        return piece({ rows.begin() + begin, rows.begin() + end },
                                                     { keys.begin() + begin, keys.begin() + end });
                                    }));
    Piece sum;
    for (auto& future : pieces) { // in order, so that rounding does not depend on which is ready first
        auto part = future.get();
        sum.loss = sum.loss.defined() ? sum.loss + part.loss : part.loss;
        sum.gradients.resize(parameters_.size());
        for (std::size_t i = 0; i < parameters_.size(); ++i)
            if (auto& total = sum.gradients[i]; part.gradients[i].defined())
                total = total.defined() ? total + part.gradients[i] : part.gradients[i];
    }
    for (std::size_t i = 0; i < parameters_.size(); ++i)
        parameters_[i].mutable_grad() = sum.gradients[i];
    return sum.loss;
}

void PartTrainer::with_average(const std::function<void()>& work)
{
    struct Scope {
        PartTrainer& trainer;
        explicit Scope(PartTrainer& t)
            : trainer(t)
        {
            trainer.average_.swap();
            trainer.objective_.module().eval();
        }
        ~Scope()
        {
            trainer.average_.swap();
            trainer.objective_.module().train();
        }
    } const scope(*this);
    work();
}

void PartTrainer::finish()
{
    average_.swap();
    objective_.module().eval();
}

void PartTrainer::save_state(const std::filesystem::path& path, TensorMap extra) const
{
    optimizer_.save(extra);
    average_.save(extra);
    write_safetensors(path, extra);
}

TensorMap PartTrainer::load_state(const std::filesystem::path& path, std::int64_t steps_done)
{
    auto tensors = read_safetensors(path).tensors;
    optimizer_.load(tensors, steps_done);
    average_.load(tensors, steps_done);
    steps_done_ = steps_done;
    return tensors;
}

} // namespace reverie
