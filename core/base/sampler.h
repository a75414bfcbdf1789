// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace reverie {

enum class Sampler { Ddpm, Ddim, Dpmpp };

/// "ddpm", "ddim", "dpmpp".
const char* to_string(Sampler sampler);
/// Throws UsageError naming the samplers there are.
Sampler sampler_from_string(const std::string& name);

} // namespace reverie
