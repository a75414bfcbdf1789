// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/loaded_pipeline.h"

namespace reverie {

/// Prompts as CLIP reads them, with their weights (see read_weights()) put into what it makes of them.
/// Encodings: those of a part's tokens are multiplied by its weight, and then all of the text's are brought
/// back to the root mean square they had. Embedding: with e of the whole text and e_k of the text without its
/// k-th weighted part, it is e + sum_k (w_k - 1) (e - e_k), brought back to unit length: a weight of 0 leaves
/// the part out, one above 1 leads away from the text without it. A part that is the whole text has nothing
/// to stand out from, so its weight changes nothing. A prompt without weights is read as ever.
EmbeddedText embed_weighted(const LoadedPipeline& model, const std::vector<std::string>& prompts);

} // namespace reverie
