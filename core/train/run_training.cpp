// SPDX-License-Identifier: MIT
#include "core/train/run_training.h"

#include "core/train/training_session.h"

#include <nlohmann/json.hpp>

namespace reverie {

TrainResult run_training(const TrainRequest& request, const OnTrainUpdate& on_update, std::stop_token stop)
{
    const auto group = ProcessGroup::join(request.rank, std::move(stop));
    if (!group)
        return { .stopped = true, .model = {} };
    group->on_stuck(request.give_up);
    try {
        const auto result = TrainingSession(request, on_update, *group).run();
        group->leave();
        return result;
    } catch (const std::exception& error) {
        group->fail(error.what());
        throw;
    }
}

std::string resolved_training_config(const TrainRequest& request)
{
    return to_json(resolve_config(request)).dump(2);
}

} // namespace reverie
