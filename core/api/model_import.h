// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// Parts of a pipeline that lie in several files.
struct ModelImportRequest {
    /// Files or folders, each for all the parts it has trained, or NAME=FILE for one of them: clip, prior,
    /// decoder, unet1, unet2, ... Of two files with the same part the later one gives it.
    std::vector<std::string> parts;
    std::string clip; ///< file of the CLIP; empty: the one among the parts
    std::string
        vocab; ///< bpe_simple_vocab_16e6.txt(.gz), merges.txt or tokenizer.json; empty: that of a part
    bool ema = false; ///< of a trainer's checkpoint, the averaged weights
    std::string dtype; ///< of the weights: "f32", "f16", "bf16"; empty: as they are
    std::filesystem::path out; ///< must not exist
};

struct ModelImportResult {
    std::filesystem::path path;
    std::vector<std::string> notes; ///< sentences about what was assumed or left out
};

/// Puts the parts into one pipeline file. Strict: every tensor must be there, in its shape, and the parts
/// must fit each other. Throws UsageError or Error; nothing is then written.
ModelImportResult import_model(const ModelImportRequest& request);

} // namespace reverie
