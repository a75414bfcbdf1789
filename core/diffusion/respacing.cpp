// SPDX-License-Identifier: MIT
#include "core/diffusion/respacing.h"

#include "core/base/error.h"

#include <cmath>

namespace reverie {

std::vector<std::int64_t> spaced_times(std::int64_t num_timesteps, std::int64_t steps)
{
    if (steps < 1 || steps > num_timesteps)
        throw UsageError("A chain of " + std::to_string(num_timesteps) + " times can't be walked in "
                         + std::to_string(steps) + " steps; take 1 to " + std::to_string(num_timesteps)
                         + ".");
    const auto stride
        = steps == 1 ? 1. : static_cast<double>(num_timesteps - 1) / static_cast<double>(steps - 1);
    std::vector<std::int64_t> times;
    for (std::int64_t i = 0; i < steps; ++i)
        times.push_back(std::llrint(static_cast<double>(i) * stride)); // halves go to the even number
    return times;
}

std::vector<TimePair> every_time_pair(std::int64_t steps)
{
    std::vector<TimePair> pairs;
    for (auto t = steps - 1; t >= 0; --t)
        pairs.push_back({ t, t - 1 });
    return pairs;
}

} // namespace reverie
