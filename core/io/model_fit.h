// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/tokenizer.h"
#include "core/io/model_parts.h"

namespace reverie {

/// Parts as they are put together.
struct ModelAssembly {
    std::optional<ModelPart> clip, prior, decoder;
    std::vector<ModelPart> companions; ///< CLIPs that parts were trained with
    std::optional<ModelPart> super_resolution; ///< see ModelParts
    TensorMap statistics;
    nlohmann::json sampling;
    std::map<std::string, std::string> metadata;
    std::optional<Tokenizer> tokenizer;
    std::vector<std::string> notes;
};

/// Throws UsageError or Error, naming both sides, where parts can't belong together: another kind of CLIP,
/// another width of embeddings, another vocabulary, another size of pictures. What is only unusual is noted.
void check_fit(ModelAssembly& assembly);

} // namespace reverie
