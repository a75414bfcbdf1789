// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/samplers.h"

#include <cstdint>
#include <vector>

namespace reverie {

/// `steps` of the times 0 .. num_timesteps - 1, as evenly as whole numbers allow, ascending, the first and
/// the last among them (guided diffusion's respacing of one section). One step is time 0. Throws UsageError
/// for more steps than there are times.
std::vector<std::int64_t> spaced_times(std::int64_t num_timesteps, std::int64_t steps);

/// All transitions of a chain of `steps` times, down to x_0 itself: DDIM's over a respaced schedule.
std::vector<TimePair> every_time_pair(std::int64_t steps);

} // namespace reverie
