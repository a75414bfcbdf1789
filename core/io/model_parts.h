// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/safetensors.h"
#include "core/io/weights_kind.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace reverie {

/// A CLIP, a prior or a decoder out of one file, under the names of a pipeline ("prior.net..."). Of a
/// decoder, a file may give single U-Nets.
struct ModelPart {
    std::string from; ///< the file, for messages
    nlohmann::json config; ///< its section
    TensorMap tensors;
    nlohmann::json clip_wanted; ///< what the configuration says of the CLIP, or null
    std::string version; ///< of DALLE2-pytorch, or empty
    std::map<std::int64_t, std::int64_t> unets; ///< of a decoder: U-Nets it gives, from 1, with their steps
    std::int64_t steps = 1; ///< of training; 1 where nobody says
};

/// What one file brings.
struct ModelParts {
    std::optional<ModelPart> clip, prior, decoder;
    std::optional<ModelPart> super_resolution; ///< Karlo's, which becomes its decoder's second stage
    TensorMap
        statistics; ///< of CLIP's image embeddings, for Karlo's prior: "prior.clip_mean", "prior.clip_std"
    /// A CLIP that Reverie's own file has beside the parts that were asked for, to compare.
    std::optional<ModelPart> companion;
    nlohmann::json sampling; ///< defaults for drawing, or null
    std::map<std::string, std::string> metadata; ///< of Reverie's own file, its merges among them
    std::vector<std::string> notes;
};

/// Takes the parts out of a file in any format. `only` is clip, prior, decoder, unetN or empty for all.
/// Throws Error, with what would help, if they are not there.
ModelParts read_model_parts(const std::filesystem::path& path, const std::string& only, bool ema);

} // namespace reverie
