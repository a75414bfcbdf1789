// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/io/options_json.h"
#include "core/train/part_loop.h"
#include "core/train/training_facts.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

namespace reverie {

namespace {

using nlohmann::json;

constexpr std::array settings_of_the_run{ "report_every", "checkpoint_every", "sample_every",
                                          "validate_every", "sample_prompts" };

json parsed(const std::string& key, const std::string& value)
{
    auto result = json::parse(value, nullptr, /*allow_exceptions=*/false);
    if (result.is_discarded())
        throw UsageError("\"" + value + "\" is no value for " + key + "; give it as JSON.");
    return result;
}

/// Lets through what asks for a thing that can't be done, with the reason.
std::string member_name(const json& arguments, const char* name, const std::string& verb)
{
    if (!arguments.contains(name) || !arguments[name].is_string())
        throw UsageError("The request " + verb + " needs \"" + name + "\" in its arguments.");
    return arguments[name];
}

} // namespace

void apply_setting(TrainingConfig& config, const LaterSetting& setting)
{
    const auto value = parsed(setting.key, setting.value);
    if (std::find(settings_of_the_run.begin(), settings_of_the_run.end(), setting.key)
        != settings_of_the_run.end()) {
        auto object = options_to_json(config);
        object[setting.key] = value;
        auto changed = options_from_json<TrainingConfig>(object, "config");
        changed.unets = config.unets;
        changed.model = config.model;
        check_config(changed);
        config = std::move(changed);
        return;
    }
    const auto dot = setting.key.find('.');
    const auto part = dot == std::string::npos ? setting.part : setting.key.substr(0, dot);
    const auto name = dot == std::string::npos ? setting.key : setting.key.substr(dot + 1);
    auto& options = part_options(config, part);
    auto object = options_to_json(options);
    if (!object.contains(name))
        throw UsageError("There is no option " + part + "." + name + " that can change on the way.");
    object[name] = value;
    const auto changed = options_from_json<PartOptions>(object, part);
    check_part(changed, part);
    options = changed;
}

void PartLoop::answer_requests()
{
    do {
        for (const auto& request : run_.take_requests())
            answer(request);
        if (paused_)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
    } while (paused_ && !stopped_ && !stop_.stop_requested());
}

void PartLoop::answer(const ControlRequest& request)
{
    auto more = json::object();
    bool ok = true;
    std::string sentence;
    try {
        const auto arguments = parsed("arguments", request.arguments);
        if (!arguments.is_object())
            throw UsageError("The arguments of " + request.verb + " must be a JSON object.");
        sentence = carry_out(request.verb, arguments, more);
    } catch (const UsageError& error) { // anything else ends the run
        ok = false;
        sentence = error.what();
    } catch (const json::exception&) {
        ok = false;
        sentence = "The arguments of " + request.verb + " are of another type than it takes.";
    }
    reporter_.answer(part_, trainer_.steps_done(), request.verb, ok, sentence, more);
}

std::string PartLoop::carry_out(const std::string& verb, const json& arguments, json& more)
{
    const auto step = std::to_string(trainer_.steps_done());
    if (verb == "pause")
        return pause();
    if (verb == "resume") {
        if (!paused_)
            throw UsageError("The run is not paused.");
        hooks_.leave_device(false);
        paused_ = false;
        run_.set_state("running");
        return "Going on at step " + step + ".";
    }
    if (verb == "stop") {
        stopped_ = true;
        return "Stopping at step " + step + ".";
    }
    if (verb == "checkpoint") {
        checkpoint();
        return "The checkpoint of step " + step + " is saved.";
    }
    if (verb == "sample") {
        if (paused_)
            throw UsageError("The run is paused and has left its device; resume it first.");
        const auto prompts = arguments.value("prompts", std::vector<std::string>());
        trainer_.with_average([&] { hooks_.sample(trainer_.steps_done(), prompts); });
        return "Drew samples at step " + step + ".";
    }
    if (verb == "set")
        return set(arguments, more);
    if (verb == "rollback")
        return roll_back(arguments);
    throw UsageError("A run can't be asked to \"" + verb
                     + "\"; it knows pause, resume, stop, checkpoint, sample, set and rollback.");
}

std::string PartLoop::pause()
{
    if (paused_)
        throw UsageError("The run is paused already.");
    hooks_.leave_device(true);
    paused_ = true;
    run_.set_state("paused");
    return "Paused at step " + std::to_string(trainer_.steps_done()) + "; the device's memory is free.";
}

std::string PartLoop::set(const json& arguments, json& more)
{
    const auto key = member_name(arguments, "key", "set");
    if (!arguments.contains("value"))
        throw UsageError("The request set needs \"value\" in its arguments.");
    const LaterSetting setting{ part_, trainer_.steps_done(), key, arguments["value"].dump() };
    auto changed = config_;
    apply_setting(changed, setting);
    trainer_.set_options(part_options(changed, part_));
    config_ = std::move(changed);
    more = { { "key", key }, { "value", setting.value } };
    return "Set " + key + " to " + setting.value + " from step " + std::to_string(setting.step) + " on.";
}

void PartLoop::make_expected_settings()
{
    while (!expected_.empty() && expected_.front().part == part_
           && expected_.front().step <= trainer_.steps_done()) {
        apply_setting(config_, expected_.front());
        trainer_.set_options(part_options(config_, part_));
        expected_.pop_front();
    }
}

std::string PartLoop::roll_back(const json& arguments)
{
    const auto most = arguments.value("step", trainer_.steps_done());
    std::optional<Checkpoint> target;
    for (const auto& checkpoint : list_checkpoints(run_.path()))
        if (checkpoint.part == part_ && checkpoint.step <= most)
            target = checkpoint;
    if (!target)
        throw UsageError("There is no checkpoint of " + part_ + " at or before step " + std::to_string(most)
                         + " to go back to.");
    restore(*target);
    run_.remove_checkpoints_after(part_, target->step);
    run_.restart_events();
    expected_.clear();
    return "Rolled back to step " + std::to_string(target->step) + ".";
}

} // namespace reverie
