// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/io/state_dict.h"
#include "core/nn/device.h"
#include "core/train/training_session.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <algorithm>
#include <thread>

namespace reverie {

using nlohmann::json;

/// What decides what is trained, as JSON by the option that says it.
std::string TrainingSession::asked(const TrainRequest& request)
{
    return json{
        { "WHAT", request.what },
        { "--data", request.data },
        { "--resume", request.resume },
        { "--preset", request.preset },
        { "--config", request.config.string() },
        { "--set", request.set },
        { "--init", request.init.string() },
        { "--unet", request.unet },
        { "--dtype", request.dtype }
    }.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Ranks that were started with other options than rank 0 would wait for what never comes.
void TrainingSession::compare_options(const std::string& rank_0) const
{
    const auto own = json::parse(asked_), others = json::parse(rank_0);
    for (const auto& [option, value] : own.items())
        if (others.at(option) != value)
            throw UsageError("Rank " + std::to_string(group_.rank()) + " was started with another " + option
                             + " than rank 0; start all ranks with the same options.");
}

/// On a device and with threads of its own.
void TrainingSession::settle_in()
{
    const auto& place = group_.place();
    device_
        = group_.is_alone() ? device_named(request_.device) : device_named(request_.device, place.local_rank);
    if (place.parent > 0 && device_.is_cuda() && device_.index() != place.local_rank)
        throw UsageError("There are fewer CUDA devices than processes; give --gpus as many as there are.");
    if (request_.threads == 0)
        request_.threads = std::max(1, int(std::thread::hardware_concurrency()) / place.local_ranks);
}

/// What the other ranks must know before they begin.
std::string TrainingSession::plan() const
{
    json resumed;
    if (resumed_)
        resumed = { { "part", resumed_->part }, { "step", resumed_->step } };
    return json{
        { "config", to_json(config_) },
        { "parts", parts_ },
        { "device", request_.device },
        { "batches", batches_ },
        { "resume", request_.resume },
        { "resumed", resumed },
        { "asked", asked_ }
    }.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// False if there is none.
bool TrainingSession::receive_plan()
{
    const auto text = group_.broadcast(std::string());
    if (text.empty())
        return false;
    const auto plan = json::parse(text);
    if (group_.place().parent == 0) // a helper was given no options
        compare_options(plan.at("asked"));
    config_ = resolve_config({}, &plan.at("config"));
    parts_ = plan.at("parts").get<std::vector<std::string>>();
    batches_ = plan.at("batches");
    request_.resume = plan.at("resume");
    if (request_.device == "auto")
        request_.device = plan.at("device");
    if (const auto& resumed = plan.at("resumed"); !resumed.is_null())
        resumed_ = Checkpoint{ resumed.at("part"), resumed.at("step"), {} };
    settle_in();
    return true;
}

TrainResult TrainingSession::follow()
{
    try {
        if (!receive_plan())
            return { .stopped = true, .model = {} };
        prepare();
        return train_parts();
    } catch (const RankError& error) {
        throw RankError(after_loss(error.what()), error.said_elsewhere);
    }
}

/// Rank 0's weights and tokenizer, which may come from a file that only it can see.
void TrainingSession::share_weights()
{
    if (!group_.is_alone()) {
        TensorMap weights;
        const auto collect = [&weights](const auto& part, const char* prefix) {
            if (part)
                weights.merge(state_dict(*part, prefix));
        };
        collect(pipeline_.clip, "clip.");
        collect(pipeline_.prior, "prior.");
        collect(pipeline_.decoder, "decoder.");
        collect(pipeline_.vqgan, "vqgan.");
        weights = group_.broadcast(weights);
        const auto take = [&](auto& part, const char* prefix) {
            if (part && !group_.leads())
                load_state_dict(*part, weights, prefix, "rank 0");
        };
        take(pipeline_.clip, "clip.");
        take(pipeline_.prior, "prior.");
        take(pipeline_.decoder, "decoder.");
        take(pipeline_.vqgan, "vqgan.");
        const auto merges = group_.broadcast(pipeline_.tokenizer ? pipeline_.tokenizer->merges_text() : "");
        if (!merges.empty())
            pipeline_.tokenizer = Tokenizer(merges);
    }
    place(device_);
    const auto rest = [](auto& part) {
        if (part)
            part->eval();
    };
    rest(pipeline_.clip);
    rest(pipeline_.prior);
    rest(pipeline_.decoder);
    rest(pipeline_.vqgan);
}

/// A lost rank ends the run even while this one computes for long.
void TrainingSession::watch_ranks()
{
    group_.on_stuck([this](const std::string& lost) {
        const auto reason = after_loss(lost);
        run_->set_state("failed", reason);
        run_->log(reason);
        if (request_.give_up)
            request_.give_up(reason);
    });
}

std::string TrainingSession::after_loss(const std::string& lost) const
{
    if (group_.leads() ? !run_ && !request_.resume : request_.run.empty())
        return "Training did not begin because " + lost + (lost.ends_with('.') ? "" : ".");
    return "Training ended because " + lost + (lost.ends_with('.') ? " Go" : "; go")
        + " on from the last checkpoint with dream train --resume " + request_.run.string() + ".";
}

void TrainingSession::say(const std::string& part, const std::string& sentence)
{
    if (reporter_)
        reporter_->event(part, 0, sentence);
}

} // namespace reverie
