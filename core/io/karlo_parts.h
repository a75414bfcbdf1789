// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/model_fit.h"

namespace reverie {

/// Whether a file is one of Karlo's or an unCLIP pipeline of diffusers, which is the same networks under
/// other names.
bool is_karlo(WeightsKind kind);

/// Adds what such a file holds to `parts`: the CLIP of diffusers' folder with its vocabulary, prior, decoder,
/// super-resolution and the statistics of CLIP's embeddings. `only` as in read_model_parts(). Throws Error
/// for names or shapes that these networks don't have.
void add_karlo_parts(const WeightsFile& file, const std::vector<WeightsPart>& found, const std::string& only,
                     ModelParts& parts);

/// Puts the statistics into Karlo's prior and its super-resolution behind its decoder, and lets the CLIP give
/// its embeddings as they are, as both want them. Throws Error for what can't be drawn with: parts that lack
/// each other, or Karlo's beside others'.
void complete_karlo(ModelAssembly& assembly);

} // namespace reverie
