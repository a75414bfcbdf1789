// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/weights_kind.h"

namespace reverie {

/// The sizes of a model in words, from its tensors' shapes: "width 768, 12 layers, ...". Empty where there is
/// nothing to say.
std::string architecture_in_words(const WeightsFile& file, const WeightsPart& part,
                                  const StoredTensors& tensors);

/// The section of the file's own configuration, or of the one beside it, for a "prior" or a "decoder": out of
/// a `dream` file's init_params, a trainer's config, or a configuration that is nothing else. Null if there
/// is none.
nlohmann::json given_config(const WeightsFile& file, const char* section);

} // namespace reverie
