// SPDX-License-Identifier: MIT
#include "core/base/sampler.h"

#include "core/base/error.h"

namespace reverie {

const char* to_string(Sampler sampler)
{
    switch (sampler) {
    case Sampler::Ddpm:
        return "ddpm";
    case Sampler::Ddim:
        return "ddim";
    case Sampler::Dpmpp:
        return "dpmpp";
    case Sampler::Auto:
        break;
    }
    return "auto";
}

Sampler sampler_from_string(const std::string& name)
{
    for (auto sampler : { Sampler::Auto, Sampler::Ddpm, Sampler::Ddim, Sampler::Dpmpp })
        if (name == to_string(sampler))
            return sampler;
    throw UsageError("There is no sampler \"" + name + "\"; choose ddpm, ddim or dpmpp.");
}

} // namespace reverie
