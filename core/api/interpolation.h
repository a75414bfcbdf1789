// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"

#include <vector>

namespace reverie {

/// Where each of `steps` pictures lies on the way from the first part of the request's blend to the last, in
/// even steps that begin and end with them: a request of one picture each, all from the same noise, whose
/// blend is the two neighbouring parts. Their weights do not count. Throws UsageError for fewer than two
/// parts or steps.
std::vector<GenerateRequest> interpolation(const GenerateRequest& request, int steps);

} // namespace reverie
