// SPDX-License-Identifier: MIT
#include "ui/session/run_source.h"

#include "ui/session/event_source.h"
#include "ui/session/metrics_source.h"

namespace reverie::ui {

std::unique_ptr<RunSource> RunSource::open(const std::filesystem::path& place)
{
    std::error_code error;
    const bool isRun = std::filesystem::exists(place / "metrics.jsonl", error)
        || std::filesystem::exists(place / "run.json", error)
        || std::filesystem::exists(place / "status.json", error);
    if (!isRun && EventSource::holdsEvents(place))
        return std::make_unique<EventSource>(place);
    return std::make_unique<MetricsSource>(place);
}

} // namespace reverie::ui
