// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace reverie {

/// A text made a caption: valid UTF-8, white space collapsed, at most 4096 bytes.
std::string clean_caption(std::string_view text);

/// The caption in a text file. Throws Error if it can't be read or is longer than 64 KiB; no more is read.
std::string read_caption(const std::filesystem::path& file);

/// What the name of a picture says ("a-red_cat (2).jpg" is "a red cat"); empty for names that a camera or a
/// counter made.
std::string caption_of_name(std::string_view file_name);

/// One line of a table of captions.
struct CaptionLine {
    std::string file; ///< column file_name; may be empty
    std::string caption; ///< column text, caption or prompt; may be empty
};

/// The lines of metadata.jsonl or metadata.csv in order. A line that can't be used is left out and becomes a
/// flaw; none of more than 1 MiB is kept in memory. Throws Error if the file can't be opened or has no
/// header.
std::vector<CaptionLine> read_caption_table(const std::filesystem::path& file, std::vector<Flaw>& flaws);

} // namespace reverie
