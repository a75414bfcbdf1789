// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random_key.h"
#include "core/io/png.h"
#include "core/nn/pixels.h"
#include "core/train/training_plan.h"
#include "core/train/training_session.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <array>
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

} // namespace

/// The steps since the last report. Losses are summed on the device.
struct TrainingSession::Window {
    Tensor loss;
    std::int64_t steps = 0;
    Clock::time_point begin = Clock::now();
};

bool TrainingSession::loop(const std::string& part, Objective& objective, PartTrainer& trainer)
{
    const auto steps = options(part).steps;
    const auto is_due = [&](std::int64_t every) { return every > 0 && trainer.steps_done() % every == 0; };
    if (trainer.steps_done() < steps)
        event(part, trainer.steps_done(), "Training " + part + " for " + std::to_string(steps) + " steps.");
    Window window;
    while (trainer.steps_done() < steps && !stop_.stop_requested()) {
        const auto step = trainer.step();
        window.loss = window.loss.defined() ? window.loss + step.loss : step.loss;
        ++window.steps;
        const auto done = trainer.steps_done();
        if (is_due(config_.report_every) || done == steps)
            report(part, step, done, window);
        if (is_due(config_.sample_every) || done == steps) {
            evaluate(part, objective, trainer);
            window = {};
        }
        if (is_due(config_.checkpoint_every) && done < steps) {
            checkpoint(part, trainer);
            window = {};
        }
    }
    checkpoint(part, trainer);
    if (trainer.steps_done() < steps)
        return false;
    trainer.finish();
    return true;
}

void TrainingSession::report(const std::string& part, const PartTrainer::Step& step, std::int64_t done,
                             Window& window)
{
    TrainUpdate update;
    update.part = part;
    update.step = done;
    update.steps = options(part).steps;
    update.lr = step.lr;
    update.loss = (window.loss / double(window.steps)).item<double>(); // waits for the device
    const double steps_per_s = double(window.steps) / std::max(seconds_since(window.begin), 1e-9);
    update.samples_per_s = steps_per_s * double(options(part).batch);
    update.seconds_left = double(update.steps - done) / steps_per_s;
    if (!std::isfinite(update.loss))
        throw Error("The loss of " + part + " became infinite at step " + std::to_string(done)
                    + "; lower lr and go on from the last checkpoint with --resume.");
    run_->append_metrics(json{ { "part", part },
                               { "step", done },
                               { "time", seconds_since(started_) },
                               { "split", "train" },
                               { "loss", update.loss },
                               { "lr", step.lr },
                               { "grad_norm", step.grad_norm.item<double>() },
                               { "samples_per_s", update.samples_per_s } }
                             .dump());
    run_->set_progress(part, done, update.steps, update.seconds_left);
    if (on_update_)
        on_update_(update);
    window = {};
}

void TrainingSession::evaluate(const std::string& part, Objective& objective, PartTrainer& trainer)
{
    const auto done = trainer.steps_done();
    trainer.with_average([&] {
        const torch::NoGradGuard no_grad;
        if (const auto numbers = objective.evaluate(); !numbers.empty()) {
            json line{
                { "part", part }, { "step", done }, { "time", seconds_since(started_) }, { "split", "test" }
            };
            std::string sentence;
            for (const auto& [name, value] : numbers) {
                line[name] = value;
                std::array<char, 64> text{};
                std::snprintf(text.data(), text.size(), "%s %.3f", name.c_str(), value);
                sentence += (sentence.empty() ? "" : ", ") + std::string(text.data());
            }
            run_->append_metrics(line.dump());
            event(part, done, "Evaluated " + part + ": " + sentence + ".");
        }
        const auto rows = sample_rows(*dataset_);
        std::vector<std::uint64_t> keys;
        for (const auto row : rows)
            keys.push_back(random_key({ config_.seed, name_key("samples"), std::uint64_t(row) }));
        KeyedNoise noise(keys);
        const auto pictures = objective.sample(rows, noise);
        if (!pictures.defined())
            return;
        const auto folder = run_->sample_folder(part, done);
        const auto images = to_images(pictures);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::array<char, 32> name{};
            std::snprintf(name.data(), name.size(), "%02zu.png", i);
            write_file(folder / name.data(),
                       encode_png(images[i],
                                  { { "prompt", dataset_->captions()[std::size_t(rows[i])] },
                                    { "seed", std::to_string(config_.seed) } }));
        }
    });
}

void TrainingSession::checkpoint(const std::string& part, PartTrainer& trainer)
{
    trained_[part] = trainer.steps_done();
    TensorMap extra;
    if (corpus_->prior_embed.defined())
        extra["prior_embed"] = corpus_->prior_embed;
    run_->write_checkpoint(part, trainer.steps_done(), [&](const fs::path& folder) {
        trainer.save_state(folder / "state.safetensors", extra);
        trainer.with_average([&] { save_pipeline(folder / "model.safetensors", trained_pipeline()); });
    });
    event(part, trainer.steps_done(),
          "Saved a checkpoint at step " + std::to_string(trainer.steps_done()) + ".");
}

void TrainingSession::event(const std::string& part, std::int64_t step, const std::string& sentence)
{
    run_->log(part + ": " + sentence);
    run_->append_metrics(
        json{ { "part", part }, { "step", step }, { "time", seconds_since(started_) }, { "event", sentence } }
            .dump());
    TrainUpdate update;
    update.part = part;
    update.step = step;
    update.event = sentence;
    if (on_update_)
        on_update_(update);
}

} // namespace reverie
