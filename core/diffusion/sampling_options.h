// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/sampler.h"

#include <cstdint>
#include <optional>

namespace reverie {

/// How one diffusion model is sampled.
struct SamplingOptions {
    double cond_scale = 1;                 ///< classifier-free guidance; 1 is none
    std::optional<std::int64_t> timesteps = {}; ///< fewer than trained: DDIM, unless `sampler` says otherwise
    std::optional<Sampler> sampler = {};        ///< none: DDPM for all timesteps, DDIM for fewer
    std::optional<double> eta = {};             ///< DDIM's share of fresh noise, 0 .. 1; none: the model's
};

} // namespace reverie
