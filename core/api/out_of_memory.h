// SPDX-License-Identifier: MIT
#pragma once

#include <exception>

namespace reverie {

/// Whether an allocation failed, in this program or on the accelerator.
bool is_out_of_memory(const std::exception& error);

} // namespace reverie
