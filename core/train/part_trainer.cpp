// SPDX-License-Identifier: MIT
#include "core/train/part_trainer.h"

#include "core/base/random_key.h"
#include "core/io/options_json.h"
#include "core/train/chunks.h"
#include "core/train/part_need.h"
#include "core/train/step_noise.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace reverie {

namespace {

/// Those that training may change: not the tables of whole numbers.
std::vector<Tensor> float_buffers(const torch::nn::Module& module)
{
    std::vector<Tensor> buffers;
    for (const auto& buffer : module.buffers())
        if (buffer.is_floating_point())
            buffers.push_back(buffer);
    return buffers;
}

std::vector<Tensor> joined(std::vector<Tensor> first, const std::vector<Tensor>& second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

bool is_finite(const Tensor& tensor)
{
    return torch::isfinite(tensor).all().item<bool>();
}

LoaderOptions loader_options(const PartOptions& options, std::uint64_t key, const Team& team,
                             std::int64_t window, bool pictures)
{
    LoaderOptions loader;
    loader.batch = options.batch * team.batches;
    loader.rank = team.group.rank();
    loader.world_size = team.group.size();
    loader.uneven = true; // where a run goes on with another number of ranks
    loader.run_length = options.run_length;
    loader.window = window;
    loader.key = key;
    loader.pictures = pictures;
    return loader;
}

} // namespace

PartTrainer::PartTrainer(Objective& objective, const PartOptions& options, const std::string& part,
                         std::uint64_t seed, const Dataset& dataset, const Team& team, std::int64_t window)
    : objective_(objective)
    , options_(options)
    , part_(part)
    , team_(team)
    , key_(random_key({ seed, name_key(part) }))
    , loader_(dataset, loader_options(options, key_, team, window, objective.sees_pictures()))
    , parameters_(trained_parameters(objective.module()))
    , buffers_(float_buffers(objective.module()))
    , optimizer_(parameters_, options)
    , average_(joined(parameters_, buffers_), options)
{
    check_precision();
    objective_.module().train();
}

void PartTrainer::check_precision() const
{
    if (options_.precision == "f16" && !parameters_.empty() && !parameters_[0].is_cuda())
        throw UsageError("The precision f16 is for CUDA devices; on the processor choose bf16 or f32.");
}

PartTrainer::Step PartTrainer::step(bool measure)
{
    tell(Order::Step, measure);
    seed_dropout();
    auto batch = loader_.next();
    objective_.load(batch);
    const auto& rows = batch.rows;
    Step step{ gradients_of(rows, batch.first), {}, learning_rate(options_, steps_done_), true, {},
               std::move(batch.skipped) };
    step.loss = sum_over_ranks(step.loss, step.skipped);
    step.grad_norm = clip_gradients(parameters_, options_.max_grad_norm);
    const bool finite = is_finite(step.grad_norm) && is_finite(step.loss);
    if (options_.precision == "f16")
        step.taken = scaler_.accept(finite);
    if (!finite && (options_.precision != "f16" || scaler_.scale() < 1))
        throw NotFiniteError(not_finite(rows, step.loss.item<double>()));
    if (step.taken) {
        apply(step.lr, step, measure);
        objective_.learn_beside(rows, step.lr);
    }
    ++steps_done_;
    return step;
}

/// The one generator that layers draw from by themselves: with dropout another number of ranks has other
/// losses.
void PartTrainer::seed_dropout() const
{
    const auto step = std::uint64_t(steps_done_), rank = std::uint64_t(team_.group.rank());
    torch::manual_seed(rank == 0 ? random_key({ key_, step }) : random_key({ key_, step, rank }));
}

void PartTrainer::apply(double lr, Step& step, bool measure)
{
    const torch::NoGradGuard no_grad;
    std::vector<Tensor> before, pulled;
    if (measure)
        for (const auto& parameter : parameters_) {
            before.push_back(parameter.detach().clone());
            pulled.push_back(parameter.grad().defined() ? parameter.grad() != 0 : Tensor());
        }
    optimizer_.step(lr);
    average_.update();
    if (measure)
        step.movement = movement(before, pulled);
}

/// `pulled`: where the gradient was not 0; undefined for a weight that the loss does not depend on. The rows
/// of words that a batch does not have are not pulled.
PartTrainer::Movement PartTrainer::movement(const std::vector<Tensor>& before,
                                            const std::vector<Tensor>& pulled) const
{
    std::vector<Tensor> moved, length, still, pulls;
    double all = 0, unreached = 0;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        moved.push_back((parameters_[i] - before[i]).norm());
        length.push_back(before[i].norm());
        all += double(before[i].numel());
        if (!pulled[i].defined()) {
            unreached += double(before[i].numel());
            continue;
        }
        still.push_back((parameters_[i].eq(before[i]) & pulled[i]).sum());
        pulls.push_back(pulled[i].sum());
    }
    const auto sum = [](const std::vector<Tensor>& counts) {
        return counts.empty() ? 0 : torch::stack(counts).sum().item<double>();
    };
    return { (torch::stack(moved).norm() / torch::stack(length).norm().clamp_min(1e-15)).item<double>(),
             sum(pulls) > 0 ? sum(still) / sum(pulls) : 1, unreached / all };
}

std::string PartTrainer::not_finite(const Rows& rows, double loss) const
{
    std::string first = "the loss itself";
    const auto search = [&](const auto& named, const char* what, auto value) {
        for (const auto& [name, tensor] : named)
            if (const auto looked_at = value(tensor); looked_at.defined() && !is_finite(looked_at)) {
                first = std::string(what) + name;
                for (std::size_t i = 0; what == std::string("the input ") && i < rows.size(); ++i)
                    if (!is_finite(looked_at[std::int64_t(i)])) {
                        first += " of row " + std::to_string(rows[i]);
                        break;
                    }
                return true;
            }
        return false;
    };
    const auto itself = [](const Tensor& tensor) { return tensor; };
    const auto gradient = [](const Tensor& tensor) { return tensor.grad(); };
    std::map<std::string, Tensor> parameters;
    for (const auto& parameter : objective_.module().named_parameters())
        parameters[parameter.key()] = parameter.value();
    if (!search(objective_.inputs(rows), "the input ", itself) && !search(parameters, "the weight ", itself)
        && std::isfinite(loss))
        search(parameters, "the gradient of ", gradient);
    auto& group = team_.group;
    for (const auto& found : group.gather(first)) // of every rank's samples
        if (found.starts_with("the input "))
            first = found;
    const auto all = group.gather(torch::tensor(rows, torch::kLong));
    const auto* begin = all.data_ptr<std::int64_t>();
    return "The loss of " + part_ + (std::isfinite(loss) ? " has infinite gradients" : " became infinite")
        + " at step " + std::to_string(steps_done_ + 1) + " (rows " + listed({ begin, begin + all.numel() })
        + "); the first tensor that is not finite is " + first
        + ". No weight was changed by it: lower lr or look at those rows, then go on from the last "
          "checkpoint "
          "with --resume.";
}

double PartTrainer::loss_of(const Rows& rows, std::int64_t batch)
{
    const torch::NoGradGuard no_grad;
    double sum = 0;
    Keys keys;
    for (const auto row : rows)
        keys.push_back(random_key({ key_, name_key("validation"), std::uint64_t(row) }));
    const auto most = objective_.compares_samples() ? batch : chunk_of(options_);
    for (const auto& whole : chunks(std::int64_t(rows.size()), batch)) {
        const Keys all(keys.begin() + whole.begin, keys.begin() + whole.end);
        for (const auto& piece : chunks(whole.end - whole.begin, most)) {
            const auto begin = whole.begin + piece.begin, end = whole.begin + piece.end;
            StepNoise noise({ keys.begin() + begin, keys.begin() + end }, all);
            const Autocast autocast(parameters_[0].device(), options_.precision);
            const auto loss = objective_.loss({ rows.begin() + begin, rows.begin() + end }, noise);
            sum += loss.item<double>() * piece.share * whole.share;
        }
    }
    return sum;
}

void PartTrainer::set_options(const PartOptions& options)
{
    if (options.batch != options_.batch || options.run_length != options_.run_length)
        throw UsageError("The options batch and run_length can't change on the way; start a new run with "
                         "--init from this one's weights.");
    const auto before = options_;
    options_ = options;
    try {
        check_precision();
    } catch (const UsageError&) {
        options_ = before;
        throw;
    }
    tell(Order::Options, options_to_json(options));
    optimizer_.set_options(options);
    average_.set_options(options);
}

void PartTrainer::to(at::Device device)
{
    tell(Order::Device, device.is_cpu());
    for (auto& parameter : parameters_)
        parameter.mutable_grad() = Tensor(); // zero after a step
    objective_.module().to(device);
    optimizer_.follow_parameters();
    average_.follow_weights();
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
    tell(Order::Finish, nullptr);
    average_.swap();
    objective_.module().eval();
}

void PartTrainer::save_state(const std::filesystem::path& path, TensorMap extra) const
{
    optimizer_.save(extra);
    average_.save(extra);
    objective_.save_beside(extra);
    for (std::size_t i = 0; i < buffers_.size(); ++i)
        extra[slot("buffer", i)] = buffers_[i];
    if (const auto skipped = loader_.position().skipped; !skipped.empty())
        extra["skipped"] = torch::tensor(skipped, torch::kLong);
    extra["scaler"] = torch::tensor({ scaler_.scale(), double(scaler_.good_steps()) }, torch::kFloat64);
    write_safetensors(path, extra);
}

TensorMap PartTrainer::load_state(const std::filesystem::path& path, std::int64_t steps_done)
{
    const auto tensors = read_safetensors(path).tensors;
    tell(Order::State, steps_done);
    team_.group.broadcast(tensors);
    take_state(tensors, steps_done);
    return tensors;
}

void PartTrainer::take_state(const TensorMap& tensors, std::int64_t steps_done)
{
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < buffers_.size(); ++i) // earlier versions kept none
        if (tensors.contains(slot("buffer", i)))
            buffers_[i].copy_(find_slot(tensors, slot("buffer", i), buffers_[i]));
    optimizer_.load(tensors, steps_done);
    average_.load(tensors, steps_done);
    objective_.restore_beside(tensors, steps_done);
    if (const auto scaler = tensors.find("scaler"); scaler != tensors.end())
        scaler_.restore(scaler->second[0].item<double>(),
                        std::int64_t(std::lround(scaler->second[1].item<double>())));
    steps_done_ = steps_done;
    LoaderPosition position{ steps_done, {} };
    if (const auto skipped = tensors.find("skipped"); skipped != tensors.end())
        for (std::int64_t i = 0; i < skipped->second.numel(); ++i)
            position.skipped.push_back(skipped->second[i].item<std::int64_t>());
    loader_.seek(position);
}

} // namespace reverie
