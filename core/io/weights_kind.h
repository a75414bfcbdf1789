// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/weights_file.h"

#include <string>
#include <vector>

namespace reverie {

enum class WeightsKind {
    Pipeline, ///< Reverie's own file
    Prior, ///< DALLE2-pytorch's DiffusionPrior
    PriorNetwork, ///< its network alone
    Decoder, ///< DALLE2-pytorch's Decoder
    DecoderUnets, ///< its U-Nets out of their EMA wrappers
    XClip,
    OpenAiClip, ///< also OpenCLIP's and open models under OpenAI's names
    HuggingFaceClip,
    KarloPrior,
    KarloDecoder,
    KarloSuperResolution,
    KarloStatistics, ///< mean and deviation of CLIP's image embeddings
    DiffusersUnclip, ///< Karlo again, in diffusers' folder
    VqganVae,
    Vgg,
};

/// One model inside a file.
struct WeightsPart {
    WeightsKind kind = WeightsKind::Pipeline;
    std::string prefix; ///< what stands before its names in the file, as "model." or "ema_model.module."
    bool ema = false; ///< averaged weights
};

/// The models in a file, recognised by the names of their tensors; the shortest prefix first. What only goes
/// on with training (optimisers, schedulers) is no model.
std::vector<WeightsPart> recognise(const WeightsFile& file);

/// The tensors of a part under the names its model gives them: without the prefix, without what a wrapper
/// adds
/// ("initted", "step"), and with names that later versions of DALLE2-pytorch changed brought up to date.
StoredTensors part_tensors(const WeightsFile& file, const WeightsPart& part);

/// "a prior of DALLE2-pytorch", ...
std::string kind_in_words(WeightsKind kind);

/// "prior", "openai_clip", ... for programs.
std::string kind_name(WeightsKind kind);

/// The version of DALLE2-pytorch that wrote the file, as it says; empty if it does not.
std::string written_by_version(const WeightsFile& file);

} // namespace reverie
