// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/cost.h"
#include "core/models/decoder_options.h"
#include "core/models/diffusion_prior.h"

#include <optional>
#include <string>
#include <vector>

namespace reverie {

/// A whole text-to-image model before it is built. Everything that must fit something else does.
struct Cascade {
    XClipOptions clip;
    PriorNetworkOptions net;
    DiffusionPriorOptions prior;
    DecoderOptions decoder;
    std::vector<UnetOptions> unets;
    std::int64_t prior_steps = 64; ///< of sampling
    std::vector<std::int64_t> steps; ///< of sampling, by stage
};

/// Bounds for a cascade; both hold where both are given.
struct CascadeBudget {
    std::optional<std::int64_t> parameters; ///< of all networks together; 100 million if there is no bound
    std::optional<double> memory_bytes; ///< at the peak of training whichever part takes most
    std::int64_t batch = 16; ///< pictures of a training step
};

/// The largest cascade within the budget that ends at `target_side` pixels: CLIP, a prior and a decoder of
/// one to four stages, each of four times the side of the one before, in the proportions of DALL-E 2 (Ramesh
/// et al. 2022, table 3). Throws UsageError for a side that can't be reached so, or a budget that is too
/// small.
Cascade cascade_for(std::int64_t target_side, const CascadeBudget& budget = {});

/// One network of a cascade and what it takes.
struct CascadePart {
    std::string part; ///< clip, prior, unet1, ...
    std::int64_t side = 0; ///< of the pictures it is sampled at; 0 for clip and prior
    std::int64_t training_side = 0; ///< of the crops it is trained on
    std::int64_t steps = 0; ///< of sampling; 1 for CLIP
    NetworkCost training; ///< for the budget's batch
    NetworkCost sampling; ///< for one picture with guidance, so for a batch of two
    double training_bytes
        = 0; ///< peak of the process, with the weights of all other parts, less LibTorch's own
    double sampling_bytes = 0; ///< the same for drawing one picture
};
std::vector<CascadePart> parts_of(const Cascade& cascade, std::int64_t batch);

} // namespace reverie
