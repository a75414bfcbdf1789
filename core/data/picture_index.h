// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// Where one encoded picture lies.
struct PictureEntry {
    std::string name; ///< path below the folder, or key in the tar: the bytes the file system has
    std::string caption; ///< empty if there is none
    std::uint64_t offset = 0, bytes = 0; ///< in its file
    std::int32_t tar = -1; ///< number in PictureIndex::tars; -1: a file of its own
    std::int32_t embed = -1; ///< row in the embeddings of its tar
    bool test = false; ///< held out by whoever made the data set
};

/// The pictures of a data set, none of them read yet.
struct PictureIndex {
    std::string description;
    std::filesystem::path folder; ///< names of entries start from here
    std::vector<std::filesystem::path> tars;
    std::vector<Tensor> image_embeds, text_embeds; ///< (n, d) for each tar, or undefined
    std::vector<PictureEntry> entries; ///< in the order of their names
    std::vector<Flaw> flaws;
};

/// Pictures below a folder, whose captions are in metadata.jsonl or metadata.csv (columns file_name and
/// text), in a .txt file beside each picture, or else in its name. Pictures below a folder called test, val
/// or validation are for testing. Symbolic links are followed, loops are not. Throws Error if there is no
/// picture.
PictureIndex index_folder(const std::filesystem::path& folder);

/// Tars as webdataset and img2dataset lay them out: 000000012.jpg with 000000012.txt, or .json with a
/// caption. Embeddings are taken from img_emb_NNNN.npy and text_emb_NNNN.npy beside a tar or in the folders
/// img_emb and text_emb there, where NNNN is the tar's number; the last digits of a key are the row. Of a tar
/// that was cut, what is whole is used. Throws Error if there is no picture, or if this build can't read
/// tars.
PictureIndex index_tars(const std::vector<std::filesystem::path>& tars);

/// The bytes of one picture. Throws Error.
std::string read_entry(const PictureIndex& index, const PictureEntry& entry);
/// What a person calls it.
std::string entry_name(const PictureIndex& index, const PictureEntry& entry);

} // namespace reverie
