// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace reverie {

/// What a data set may be given as, for messages and help.
inline constexpr const char* dataset_specs
    = "\"emoji\", \"shapes\" (or shapes:COUNT), a folder of pictures with captions, tars "
      "({00000..00009}.tar), a folder of embeddings, or a tensor pack (*.safetensors)";

/// `spec` is one of dataset_specs; pictures come at `size` pixels a side. Several tars are separated by
/// commas or written with braces; a folder of tars means all of them. Throws UsageError for another spec or
/// size, Error if fonts or files are missing or damaged, or if nothing can be trained on.
std::unique_ptr<Dataset> open_dataset(const std::string& spec, int size, const PictureOptions& options = {});

/// The same at a size of its own and even if nothing can be trained on, to look at it.
std::unique_ptr<Dataset> open_dataset(const std::string& spec);

/// What pack_dataset() of core/api does.
std::int64_t write_dataset_pack(const std::string& spec, int size, const PictureOptions& options,
                                const std::filesystem::path& out);

/// "a{00..02}.tar,b.tar" is a00.tar, a01.tar, a02.tar and b.tar. Throws UsageError for more than 100,000.
std::vector<std::string> expand_braces(const std::string& spec);

} // namespace reverie
