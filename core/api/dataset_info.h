// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"
#include "core/base/picture_options.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace reverie {

/// Something that is wrong with one picture or file. Training leaves such pictures out and goes on.
struct DatasetFlaw {
    std::string kind; ///< unreadable, tiny, duplicate, near duplicate, no caption, or damaged file
    std::string name; ///< of the picture; empty where the sentence names a file of another kind
    std::string sentence; ///< what is wrong and what to do
    std::string other; ///< of the picture that a duplicate repeats
};

/// What a data set holds. `spec` is "emoji", "shapes", a folder, tars or a tensor pack, as on the command
/// line.
struct DatasetInfo {
    std::string spec;
    std::string description; ///< one sentence: where pictures and captions come from
    std::int64_t pictures = 0;
    std::int64_t train = 0, test = 0; ///< sizes of the two splits
    int native_size = 0; ///< pixels a side before scaling; 0 if they differ
    bool has_image_embeds = false, has_text_embeds = false; ///< embeddings came with it
    std::int64_t caption_words = 0; ///< distinct words in all captions
    std::vector<std::string> examples; ///< a few captions
    std::vector<DatasetFlaw> flaws; ///< those that show without decoding a picture
};

/// Throws Error (unknown spec, font or folder missing, with what to install or check).
DatasetInfo dataset_info(const std::string& spec);

/// Renders or reads the whole set at `size` pixels a side into one .safetensors tensor pack that a build
/// without Qt can train from: pictures compressed without loss, captions in the metadata. What can't be read
/// or has no caption is left out. Returns the number of pictures in the pack.
std::int64_t pack_dataset(const std::string& spec, int size, const PictureOptions& options,
                          const std::filesystem::path& out);

/// One picture as training sees it, with its caption.
struct DatasetSample {
    Image picture;
    std::string caption;
};

/// About `count` pictures spread over those to train on, `size` pixels a side; what can't be read is left
/// out. Throws Error as dataset_info() does, and if nothing can be trained on.
std::vector<DatasetSample> dataset_samples(const std::string& spec, int count, int size,
                                           const PictureOptions& options = {});

struct DatasetCheckOptions {
    int min_side = 32; ///< a shorter side of fewer pixels makes a picture tiny
    std::filesystem::path sheet; ///< where to write a contact sheet (PNG); empty: nowhere
};

struct DatasetCheck {
    std::int64_t pictures = 0; ///< that were looked at
    std::int64_t usable = 0; ///< of those, how many training would see
    std::vector<DatasetFlaw> flaws;
    bool stopped = false;
};

using OnDatasetProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// Decodes every picture. The sheet shows the flawed ones first, framed (red: unreadable, orange: tiny, blue:
/// duplicate, light blue: near duplicate, after the picture it repeats, yellow: no caption), then some of the
/// others. Throws Error as dataset_info() does.
DatasetCheck check_dataset(const std::string& spec, const DatasetCheckOptions& options,
                           const OnDatasetProgress& on_progress, std::stop_token stop);

} // namespace reverie
