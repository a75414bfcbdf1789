// SPDX-License-Identifier: MIT
#include "core/api/picture_match.h"

#include "core/api/recipe_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace reverie {

namespace {

template <class T>
bool agrees(const std::optional<T>& asked, const T& recorded)
{
    return !asked || *asked == recorded;
}

bool steps_agree(const std::vector<int>& asked, const std::vector<int>& recorded)
{
    if (asked.size() == 1)
        return std::all_of(recorded.begin(), recorded.end(), [&](int steps) { return steps == asked[0]; });
    return asked.empty() || asked == recorded;
}

} // namespace

bool is_picture_of(const PictureMaking& making, const GenerateRequest& request, int index)
{
    const auto at = static_cast<std::size_t>(index);
    const auto seed = request.seeds.empty() ? request.seed + at : request.seeds.at(at);
    const auto& settings = making.settings;
    return making.axes.empty() && making.seed == seed
        && making.prompt == request.prompts.at(at / static_cast<std::size_t>(request.count))
        && agrees(request.cond_scale, settings.cond_scale)
        && agrees(request.prior_cond_scale, settings.prior_cond_scale)
        && agrees(request.prior_steps, settings.prior_steps) && steps_agree(request.steps, settings.steps)
        && agrees(request.candidates, settings.candidates) && agrees(request.sampler, settings.sampler)
        && agrees(request.eta, settings.eta) && to_json(making.recipe) == to_json(request.recipe);
}

} // namespace reverie
