// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/preflight.h"

namespace reverie {

/// What plan_cascade() does once LibTorch is loaded.
CascadePreview plan_cascade_here(const CascadeRequest& request);

} // namespace reverie
