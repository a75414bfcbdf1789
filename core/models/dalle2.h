// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/decoder.h"
#include "core/models/diffusion_prior.h"

namespace reverie {

/// Settings of one unCLIP run over a batch of texts.
struct Dalle2Sampling {
    std::int64_t prior_num_samples = 2; ///< candidates of the prior for each text
    SamplingOptions prior;
    DecoderSampling decoder;
    OnStep on_prior_step;
    std::function<void(const PriorSamples&)> on_prior;
};

/// The sources of randomness of the two halves.
struct Dalle2Noise {
    std::function<Noise&()> prior;
    BeforeStage decoder;
};

/// Text to pictures (Ramesh et al. 2022, fig. 2): prior, then decoder. ids int64 (b, n) -> (b, c, h, w).
/// When stopped during the prior, the result is undefined.
Tensor sample_dalle2(DiffusionPriorImpl& prior, DecoderImpl& decoder, Clip& clip, const Tensor& text,
                     const Dalle2Sampling& sampling, const Dalle2Noise& noise);

} // namespace reverie
