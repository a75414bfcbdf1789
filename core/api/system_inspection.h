// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/system_info.h"

namespace reverie {

/// What inspect_system() does once LibTorch is loaded.
SystemInfo inspect_system_here();

} // namespace reverie
