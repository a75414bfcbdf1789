// SPDX-License-Identifier: MIT
#include "core/train/resolved_run.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/run/metrics.h"
#include "core/train/training_plan.h"

#include <nlohmann/json.hpp>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The settings that watchers made since the configuration was last written.
std::deque<LaterSetting> later_settings(const fs::path& run)
{
    std::deque<LaterSetting> settings;
    for (const auto& line : current_metrics(run)) {
        if (line.words.contains("configuration"))
            settings.clear();
        const auto verb = line.words.find("verb");
        const auto ok = line.numbers.find("ok");
        if (verb != line.words.end() && verb->second == "set" && ok != line.numbers.end() && ok->second != 0)
            settings.push_back({ line.part, line.step, line.words.at("key"), line.words.at("value") });
    }
    return settings;
}

/// What run.json says beside the configuration.
void complete(ResolvedRun& run)
{
    auto& request = run.request;
    const auto recorded = json::parse(read_file(request.run / "run.json"), nullptr, false);
    if (!recorded.is_object() || !recorded.contains("config"))
        throw UsageError((request.run / "run.json").string()
                         + " is no configuration of a run; give the folder of one.");
    request.what = recorded.value("what", request.what);
    request.unet = recorded.value("unet", request.unet);
    if (request.init.empty())
        request.init = recorded.value("init", std::string());
    if (request.device == "auto")
        request.device = recorded.value("device", std::string("auto"));
    run.batches = recorded.value("ranks", 1);
    if (request.threads == 0 && request.rank.ranks == run.batches)
        request.threads = recorded.value("threads", 0);
}

/// A run that goes on does so as it was started, and as it was set since.
void go_on(ResolvedRun& run)
{
    complete(run);
    if (const auto checkpoints = list_checkpoints(run.request.run); !checkpoints.empty())
        run.resumed = checkpoints.back();
    TrainRequest as_recorded;
    as_recorded.run = run.request.run;
    as_recorded.resume = true;
    run.config = resolve_config(as_recorded);
    run.expected = later_settings(run.request.run);
    const auto is_past = [&run](const LaterSetting& setting) {
        return run.resumed
            && std::pair(part_order(setting.part), setting.step)
            <= std::pair(part_order(run.resumed->part), run.resumed->step);
    };
    for (; !run.expected.empty() && is_past(run.expected.front()); run.expected.pop_front())
        apply_setting(run.config, run.expected.front());
    if (changes_configuration(run.request)) {
        const auto so_far = to_json(run.config);
        run.config = resolve_config(run.request, &so_far);
        run.expected.clear();
    }
}

} // namespace

bool changes_configuration(const TrainRequest& request)
{
    return !request.data.empty() || !request.preset.empty() || !request.config.empty() || !request.set.empty()
        || !request.dtype.empty();
}

ResolvedRun resolve_run(const TrainRequest& request)
{
    ResolvedRun run;
    run.request = request;
    run.batches = request.rank.ranks;
    if (request.resume)
        go_on(run);
    else
        run.config = resolve_config(request);
    run.parts = parts_to_train(run.request, run.config);
    return run;
}

} // namespace reverie
