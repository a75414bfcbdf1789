// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace reverie {

/// The date in UTC, as "2026-11-25".
std::string today();

} // namespace reverie
