// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/sampler.h"

#include <cstdint>
#include <optional>

namespace reverie {

/// How one diffusion model is sampled.
struct SamplingOptions {
    double cond_scale = 1; ///< classifier-free guidance; 1 is none
    std::optional<std::int64_t> timesteps = {}; ///< fewer than trained: DDIM, unless `sampler` says otherwise
    Sampler sampler = Sampler::Auto;
    std::optional<double> eta = {}; ///< DDIM's share of fresh noise, 0 .. 1; none: the model's
};

/// Auto made definite.
inline Sampler chosen_sampler(Sampler sampler, std::int64_t steps, std::int64_t num_timesteps)
{
    if (sampler != Sampler::Auto)
        return sampler;
    return steps < num_timesteps ? Sampler::Ddim : Sampler::Ddpm;
}

} // namespace reverie
