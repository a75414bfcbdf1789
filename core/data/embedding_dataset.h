// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

#include <filesystem>
#include <memory>

namespace reverie {

/// Whether a folder holds embeddings that were computed before: img_emb/*.npy.
bool is_embedding_folder(const std::filesystem::path& folder);

/// Embeddings without their pictures, as clip-retrieval and embedding-reader lay them out:
/// img_emb/img_emb_0.npy, text_emb/text_emb_0.npy and metadata/metadata_0.jsonl or .csv (a caption a line),
/// and so on with 1. A prior is trained from them. Throws Error where counts do not agree.
std::unique_ptr<Dataset> open_embedding_folder(const std::filesystem::path& folder);

} // namespace reverie
