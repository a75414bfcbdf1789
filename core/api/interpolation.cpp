// SPDX-License-Identifier: MIT
#include "core/api/interpolation.h"

#include "core/base/error.h"

#include <algorithm>

namespace reverie {

namespace {

constexpr int most_pictures = 10'000;

} // namespace

std::vector<GenerateRequest> interpolation(const GenerateRequest& request, int steps)
{
    const auto& parts = request.recipe.blend;
    if (parts.size() < 2)
        throw UsageError("A strip leads from one picture or phrase to another; give at least two.");
    if (steps < 2)
        throw UsageError("A strip has at least two pictures, its ends.");
    if (steps > most_pictures)
        throw UsageError("A strip has at most 10,000 pictures; ask for fewer.");
    const int ways = static_cast<int>(parts.size()) - 1;
    std::vector<GenerateRequest> all(static_cast<std::size_t>(steps), request);
    for (int i = 0; i < steps; ++i) {
        auto& one = all[static_cast<std::size_t>(i)];
        const double along = static_cast<double>(i) * ways / (steps - 1);
        const int way = std::min(static_cast<int>(along), ways - 1);
        auto from = parts[static_cast<std::size_t>(way)], to = parts[static_cast<std::size_t>(way) + 1];
        to.weight = along - way;
        from.weight = 1 - to.weight;
        one.recipe.blend = { std::move(from), std::move(to) };
        one.prompts.resize(1);
        one.count = 1;
        one.seeds.clear();
    }
    return all;
}

} // namespace reverie
