// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/rank.h"

#include <string>

namespace reverie {

/// Whether it stands for the machine that looks it up, wherever that is.
bool is_loop_back(const std::string& address);

/// Throws UsageError if rank 0's address stands for no machine.
void check_address(const Rank& rank);

/// The address by which other machines of the group see this one: that from which rank 0 is reached, or where
/// that is the loop-back, as for a machine's own name, the first of its others. Throws UsageError if there is
/// none and ranks are elsewhere.
std::string own_address(const Rank& rank);

} // namespace reverie
