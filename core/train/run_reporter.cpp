// SPDX-License-Identifier: MIT
#include "core/train/run_reporter.h"

#include <nlohmann/json.hpp>

namespace reverie {

using nlohmann::json;

RunReporter::RunReporter(RunDirectory& run, OnTrainUpdate on_update)
    : run_(run)
    , on_update_(std::move(on_update))
    , started_(std::chrono::steady_clock::now())
{
    doctor_.recall(current_metrics(run.path()));
}

void RunReporter::write(const std::string& part, std::int64_t step, json line)
{
    line["part"] = part;
    line["step"] = step;
    line["time"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    line["wall_time"] = seconds_now();
    run_.append_metrics(line.dump(-1, ' ', false, json::error_handler_t::replace));
}

void RunReporter::say(const std::string& part, std::int64_t step, const std::string& sentence)
{
    run_.log(part + ": " + sentence);
    TrainUpdate update;
    update.part = part;
    update.step = step;
    update.event = sentence;
    if (on_update_)
        on_update_(update);
}

void RunReporter::event(const std::string& part, std::int64_t step, const std::string& sentence)
{
    write(part, step, { { "event", sentence } });
    say(part, step, sentence);
}

void RunReporter::answer(const std::string& part, std::int64_t step, const std::string& verb, bool ok,
                         const std::string& sentence, const json& more)
{
    json line{ { "event", sentence }, { "verb", verb }, { "ok", ok }, { "reason", ok ? "" : sentence } };
    line.update(more);
    write(part, step, line);
    say(part, step, sentence);
}

void RunReporter::numbers(const std::string& part, std::int64_t step, const std::string& split,
                          const json& numbers)
{
    auto line = numbers;
    line["split"] = split;
    write(part, step, line);
    line["part"] = part;
    line["step"] = step;
    if (const auto parsed = metrics_line(line.dump(-1, ' ', false, json::error_handler_t::replace)))
        for (const auto& finding : doctor_.read(*parsed))
            diagnosis(part, step, finding);
}

void RunReporter::diagnosis(const std::string& part, std::int64_t step, const Finding& finding)
{
    write(part, step,
          { { "event", "doctor" },
            { "rule", finding.rule },
            { "verdict", finding.verdict },
            { "advice", finding.advice } });
    say(part, step, "Doctor: " + finding.verdict + " " + finding.advice);
}

void RunReporter::progress(const TrainUpdate& update)
{
    if (on_update_)
        on_update_(update);
}

} // namespace reverie
