// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/run_preview.h"

namespace reverie {

/// What preview_run() does.
RunPreview preview_training(const TrainRequest& request, std::stop_token stop);

} // namespace reverie
