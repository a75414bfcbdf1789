// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

#include <filesystem>

namespace reverie {

struct EmojiName {
    std::string text; ///< UTF-8
    std::string caption; ///< its Unicode name: "thumbs up: dark skin tone"
};

/// Every fully qualified emoji of Unicode's emoji-test.txt, in its order. Throws Error if it isn't installed.
std::vector<EmojiName> emoji_names(const std::filesystem::path& list
                                   = "/usr/share/unicode/emoji/emoji-test.txt");

/// A tenth of the captions with a skin tone: a picture for one must be composed from captions that were seen.
bool is_held_out_emoji(const std::string& caption);

/// Every emoji as Noto Color Emoji draws it, on white.
std::unique_ptr<Dataset> open_emoji_dataset(int size, const PictureOptions& options = {});

} // namespace reverie
