// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/tokenizer.h"
#include "core/models/decoder.h"
#include "core/models/diffusion_prior.h"

#include <string>
#include <vector>

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

/// What stage `stage` (0: the prior, from 1: the decoder's) of the pictures `first` .. `first + pictures - 1`
/// draws: each has a generator of its own, keyed by (seed + its number, stage, candidate).
std::unique_ptr<Noise> picture_noise(std::uint64_t seed, std::int64_t stage, std::int64_t first,
                                     std::int64_t pictures, std::int64_t candidates = 1);

/// DALL-E 2 put together, from the words to the pictures.
class Dalle2
{
public:
    /// Prior and decoder were trained with `clip`, whose vocabulary is the tokenizer's. All are put into
    /// evaluation mode.
    Dalle2(std::shared_ptr<Clip> clip, DiffusionPrior prior, Decoder decoder, Tokenizer tokenizer);

    /// (b, c, size, size); picture i is made from seed + i alone. Longer texts than CLIP reads are cut.
    Tensor sample(const std::vector<std::string>& texts, const Dalle2Sampling& sampling = {},
                  std::uint64_t seed = 0);
    /// The same of token ids, int64 (b, n), 0 is padding.
    Tensor sample(const Tensor& text, const Dalle2Sampling& sampling = {}, std::uint64_t seed = 0);

    /// int64 (b, n), with the frame that CLIP wants around a text.
    [[nodiscard]] Tensor tokenize(const std::vector<std::string>& texts) const;

private:
    std::shared_ptr<Clip> clip_;
    DiffusionPrior prior_;
    Decoder decoder_;
    Tokenizer tokenizer_;
};

} // namespace reverie
