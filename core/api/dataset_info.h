// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// What a data set holds. `spec` is "emoji", "shapes", a folder or a tensor pack, as on the command line.
struct DatasetInfo {
    std::string spec;
    std::string description; ///< one sentence: where pictures and captions come from
    std::int64_t pictures = 0;
    std::int64_t train = 0, test = 0; ///< sizes of the two splits
    int native_size = 0; ///< pixels a side before scaling; 0 if they differ
    std::int64_t caption_words = 0; ///< distinct words in all captions
    std::vector<std::string> examples; ///< a few captions
};

/// Throws Error (unknown spec, font or folder missing, with what to install or check).
DatasetInfo dataset_info(const std::string& spec);

/// Renders or reads the whole set at `size` pixels a side into one .safetensors tensor pack that a build
/// without Qt can train from: images uint8 (n, size, size, 3), captions in the metadata.
void pack_dataset(const std::string& spec, int size, const std::filesystem::path& out);

} // namespace reverie
