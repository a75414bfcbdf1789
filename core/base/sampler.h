// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace reverie {

/// Auto is the reference's rule: DDPM where every step of the schedule is taken, DDIM where fewer are.
enum class Sampler { Auto, Ddpm, Ddim, Dpmpp };

/// "auto", "ddpm", "ddim", "dpmpp".
const char* to_string(Sampler sampler);
/// Throws UsageError naming the samplers there are.
Sampler sampler_from_string(const std::string& name);

} // namespace reverie
