// SPDX-License-Identifier: MIT
#include "core/train/run_training.h"

#include "core/train/training_session.h"

#include <nlohmann/json.hpp>

namespace reverie {

TrainResult run_training(const TrainRequest& request, const OnTrainUpdate& on_update, std::stop_token stop)
{
    return TrainingSession(request, on_update, std::move(stop)).run();
}

std::string resolved_training_config(const TrainRequest& request)
{
    return to_json(resolve_config(request)).dump(2);
}

} // namespace reverie
