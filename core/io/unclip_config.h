// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/weights_kind.h"

namespace reverie {

/// A part's section of a pipeline's configuration, and what it says of the CLIP it was trained with.
struct UnclipConfig {
    nlohmann::json options; ///< for pipeline_config_from_json()
    nlohmann::json clip; ///< {"make": "openai", "model": "ViT-L/14"}, or null
    bool given = false; ///< by the file or beside it; else all of it is read off the weights
};

/// Of a prior of DALLE2-pytorch: its given configuration, completed by what the shapes of its tensors show.
UnclipConfig prior_config(const WeightsFile& file, const StoredTensors& tensors);

/// Of a decoder. Throws Error if it has none: a U-Net's options can't be read off its weights.
UnclipConfig decoder_config(const WeightsFile& file);

} // namespace reverie
