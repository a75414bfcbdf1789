// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
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
    bool stopped = false; ///< asked to stop; nothing was written
};

/// What is done at the moment, in words, and how much of the whole, 0 .. 1.
using OnModelImport = std::function<void(const std::string& doing, double done)>;

/// Puts the parts into one pipeline file. Strict: every tensor must be there, in its shape, and the parts
/// must fit each other. The files are mapped and a tensor is converted when it is written, so that memory
/// holds one at a time. Being stopped is a normal return. Throws UsageError or Error; nothing is then
/// written.
ModelImportResult import_model(const ModelImportRequest& request, const OnModelImport& on_progress = {},
                               std::stop_token stop = {});

} // namespace reverie
