// SPDX-License-Identifier: MIT
#include "core/train/part_loop.h"

#include "core/train/device_memory.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using nlohmann::json;

double seconds_since(Clock::time_point begin)
{
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string text(double value)
{
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.4g", value);
    return digits.data();
}

} // namespace

PartLoop::PartLoop(std::string part, TrainingConfig& config, Objective& objective, PartTrainer& trainer,
                   RunDirectory& run, RunReporter& reporter, Hooks hooks)
    : part_(std::move(part))
    , config_(config)
    , objective_(objective)
    , trainer_(trainer)
    , run_(run)
    , reporter_(reporter)
    , hooks_(std::move(hooks))
{
}

TensorMap PartLoop::restore(const Checkpoint& checkpoint)
{
    auto tensors = trainer_.load_state(checkpoint.folder / "state.safetensors", checkpoint.step);
    saved_step_ = checkpoint.step;
    window_ = {};
    if (tensors.contains("window.loss")) {
        window_.loss = tensors.at("window.loss").clone();
        window_.steps = tensors.at("window.steps").item<std::int64_t>();
    }
    if (const auto found = tensors.find("validation"); found != tensors.end()) {
        best_loss_ = found->second[0].item<double>();
        best_step_ = std::int64_t(found->second[1].item<double>());
        worse_ = std::int64_t(found->second[2].item<double>());
    }
    return tensors;
}

bool PartLoop::is_due(std::int64_t every) const
{
    return every > 0 && trainer_.steps_done() % every == 0;
}

bool PartLoop::ended_early() const
{
    return options().patience > 0 && worse_ >= options().patience;
}

bool PartLoop::run(const Rows& train, const Rows& valid, std::stop_token stop)
{
    stop_ = std::move(stop);
    const auto most = std::size_t(config_.validate_rows);
    valid_ = spread(valid, most);
    train_ = spread(train, valid_.size());
    if (trainer_.steps_done() < options().steps && !ended_early())
        reporter_.event(part_, trainer_.steps_done(),
                        "Training " + part_ + " for " + std::to_string(options().steps) + " steps.");
    restart_clock();
    while (true) {
        run_.set_progress(part_, trainer_.steps_done(), options().steps, seconds_left_);
        make_expected_settings();
        answer_requests();
        stopped_ = stopped_ || stop_.stop_requested();
        if (stopped_ || trainer_.steps_done() >= options().steps || ended_early())
            break;
        take_step();
    }
    checkpoint();
    if (stopped_ && trainer_.steps_done() < options().steps && !ended_early())
        return false;
    finish();
    return true;
}

/// One step, and what is due after it.
void PartLoop::take_step()
{
    const auto next = trainer_.steps_done() + 1;
    const bool last = next == options().steps;
    const bool reported = next % config_.report_every == 0 || last;
    const auto step = step_or_diagnosis(/*measure=*/reported);
    for (const auto& flaw : step.skipped)
        reporter_.event(part_, next, flaw.sentence + " Training goes on without it.");
    ++window_.timed_steps;
    if (step.taken) {
        window_.loss = window_.loss.defined() ? window_.loss + step.loss : step.loss;
        ++window_.steps;
    }
    if (reported && window_.steps > 0)
        report(step);
    const bool evaluated = is_due(config_.sample_every) || last;
    const bool validated = config_.validate_every > 0 ? is_due(config_.validate_every) || last : evaluated;
    if (evaluated)
        evaluate();
    if (validated)
        validate();
    if (is_due(config_.checkpoint_every) && !last)
        checkpoint();
    if (evaluated || validated)
        restart_clock();
}

PartTrainer::Step PartLoop::step_or_diagnosis(bool measure)
{
    try {
        return trainer_.step(measure);
    } catch (const NotFiniteError& error) {
        reporter_.diagnosis(part_, trainer_.steps_done() + 1,
                            { "not finite", error.what(), "The last checkpoint is good." });
        throw;
    }
}

/// What is not training does not count into the speed.
void PartLoop::restart_clock()
{
    window_.timed_steps = 0;
    window_.begin = Clock::now();
}

void PartLoop::finish()
{
    if (trainer_.steps_done() < options().steps) {
        reporter_.event(part_, trainer_.steps_done(),
                        "Ended " + part_ + " early: " + std::to_string(worse_)
                            + " validations brought nothing better.");
        evaluate();
    }
    const auto best = best_checkpoint(run_.path(), part_);
    if (options().keep_best && best && best->step == best_step_ && best_step_ < trainer_.steps_done()) {
        reporter_.event(part_, trainer_.steps_done(),
                        "Kept the weights of step " + std::to_string(best_step_) + ", whose loss of "
                            + text(best_loss_) + " was the lowest.");
        trainer_.load_state(best->folder / "state.safetensors", best->step);
    }
    trainer_.finish();
}

void PartLoop::report(const PartTrainer::Step& step)
{
    TrainUpdate update;
    update.part = part_;
    update.step = trainer_.steps_done();
    update.steps = options().steps;
    update.lr = step.lr;
    update.loss = (window_.loss / double(window_.steps)).item<double>(); // waits for the device
    const double steps_per_s = double(window_.timed_steps) / std::max(seconds_since(window_.begin), 1e-9);
    update.samples_per_s = steps_per_s * double(trainer_.samples());
    update.seconds_left = seconds_left_ = double(update.steps - update.step) / steps_per_s;
    json numbers{ { "loss", update.loss },
                  { "lr", step.lr },
                  { "grad_norm", step.grad_norm.item<double>() },
                  { "samples_per_s", update.samples_per_s },
                  { "memory_bytes", memory_in_use() } };
    if (step.movement) {
        numbers["update_ratio"] = step.movement->ratio;
        numbers["still"] = step.movement->still;
        numbers["unreached"] = step.movement->unreached;
    }
    const auto device = window_.loss.device();
    for (const auto& [name, value] : use_.read(device.is_cuda() ? device.index() : -1))
        numbers[name] = value;
    reporter_.numbers(part_, update.step, "train", numbers);
    reporter_.progress(update);
    window_ = {};
}

void PartLoop::evaluate()
{
    const auto done = trainer_.steps_done();
    trainer_.with_average([&] {
        const torch::NoGradGuard no_grad;
        if (const auto numbers = objective_.evaluate(); !numbers.empty()) {
            reporter_.numbers(part_, done, "test", numbers);
            std::string sentence;
            for (const auto& [name, value] : numbers)
                sentence += (sentence.empty() ? "" : ", ") + name + " " + text(value);
            reporter_.event(part_, done, "Evaluated " + part_ + ": " + sentence + ".");
        }
        hooks_.sample(done, {});
    });
}

/// The loss of pictures that are not trained on, beside that of as many that are: the same rows and noise
/// each time, so that only the weights make a difference.
void PartLoop::validate()
{
    if (valid_.empty())
        return;
    const auto done = trainer_.steps_done();
    const auto batch = std::min(trainer_.samples(), std::int64_t(valid_.size()));
    double loss = 0, train_loss = 0;
    trainer_.with_average([&] {
        loss = trainer_.loss_of(valid_, batch);
        train_loss = trainer_.loss_of(train_, batch);
    });
    reporter_.numbers(part_, done, "valid", { { "loss", loss }, { "train_loss", train_loss } });
    if (best_step_ > 0 && !(loss < best_loss_)) {
        ++worse_;
        return;
    }
    best_loss_ = loss;
    best_step_ = done;
    worse_ = 0;
    run_.name_best(part_, done, loss);
    checkpoint();
}

void PartLoop::checkpoint()
{
    const auto done = trainer_.steps_done();
    if (done == saved_step_)
        return;
    auto extra = hooks_.extra();
    extra["validation"] = torch::tensor({ best_loss_, double(best_step_), double(worse_) }, torch::kFloat64);
    if (window_.loss.defined()) {
        extra["window.loss"] = window_.loss;
        extra["window.steps"] = torch::tensor(window_.steps);
    }
    run_.write_checkpoint(part_, done, [&](const fs::path& folder) {
        trainer_.save_state(folder / "state.safetensors", extra);
        trainer_.with_average([&] { hooks_.save_model(folder); });
    });
    saved_step_ = done;
    restart_clock();
    reporter_.event(part_, done, "Saved a checkpoint at step " + std::to_string(done) + ".");
}

} // namespace reverie
