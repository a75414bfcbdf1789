// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/run_directory.h"
#include "core/run/training_request.h"
#include "core/train/doctor.h"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <map>
#include <string>

namespace reverie {

/// Everything a run says: lines of metrics.jsonl and log.txt, and updates for whoever called. What the doctor
/// makes of the numbers goes the same way.
class RunReporter
{
public:
    /// Reads what the run has said so far.
    RunReporter(RunDirectory& run, OnTrainUpdate on_update);

    void event(const std::string& part, std::int64_t step, const std::string& sentence);
    /// The answer to a request: `more` is laid over the event's line.
    void answer(const std::string& part, std::int64_t step, const std::string& verb, bool ok,
                const std::string& sentence, const nlohmann::json& more);
    /// A line of numbers, and what the doctor says to it.
    void numbers(const std::string& part, std::int64_t step, const std::string& split,
                 const nlohmann::json& numbers);
    /// How far a part is.
    void progress(const TrainUpdate& update);
    /// A finding that ends the run.
    void diagnosis(const std::string& part, std::int64_t step, const Finding& finding);

private:
    void write(const std::string& part, std::int64_t step, nlohmann::json line);
    void say(const std::string& part, std::int64_t step, const std::string& sentence);

    RunDirectory& run_;
    OnTrainUpdate on_update_;
    Doctor doctor_;
    std::chrono::steady_clock::time_point started_;
};

} // namespace reverie
