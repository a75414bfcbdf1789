// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/weights_kind.h"

namespace reverie {

/// The section "clip" of a pipeline's configuration for a CLIP out of a foreign file: what its tensors'
/// shapes show, and for what they don't (heads, activation) the configuration beside it, or else its
/// publisher's rule. `tensors` are part_tensors(). Throws Error for one that is no CLIP Reverie can build.
nlohmann::json clip_config(const WeightsFile& file, const WeightsPart& part, const StoredTensors& tensors);

/// "ViT-L/14, pictures of 224 pixels, 77 tokens, embeddings of 768 numbers" of such a section.
std::string clip_in_words(const nlohmann::json& config);

/// Of such a section, whichever kind it is.
struct ClipSizes {
    std::int64_t embed_dim = 0, image_size = 0, context_length = 0, vocab_size = 0, text_width = 0;
};
ClipSizes clip_sizes(const nlohmann::json& config);

} // namespace reverie
