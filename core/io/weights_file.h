// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/stored_tensor.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace reverie {

/// Everything a file of weights holds, whichever its format. Reading one runs nothing that is in it.
struct WeightsFile {
    std::filesystem::path path;
    std::string format; ///< in words: "safetensors", "PyTorch zip archive", ...
    std::vector<std::filesystem::path> files; ///< all that were read for it: itself, its shards, its parts
    std::uintmax_t bytes = 0; ///< on the disk, of all of them
    StoredTensors tensors; ///< by their dotted path: {"model": {"a": t}} is "model.a"
    /// All else, nested as in the file; lists hold null where tensors stand.
    nlohmann::json values = nlohmann::json::object();
    /// The JSON that lies beside the file, or in the folder: config.json, the file's own name with .json or
    /// _config.json, or the only JSON there that has "config" in its name. Null if there is none.
    nlohmann::json config;
    std::filesystem::path config_path;
    std::set<std::string> opaque; ///< classes the file names that were not looked into
};

/// Opens a .safetensors file, a .pt, .pth, .ckpt or .bin file of PyTorch (zip archive, TorchScript archive or
/// the older stream), an index of Hugging Face's shards (*.index.json), or a folder that has one of these
/// under the name its publisher gives it. What a file is shows in its content, not in its name. Tensors are
/// mapped, so that opening takes no longer for large files. Throws Error that names the file and says what is
/// wrong.
WeightsFile open_weights(const std::filesystem::path& path);

/// The file that open_weights() takes for `path`: itself, or inside a folder the one it would choose.
std::filesystem::path weights_in(const std::filesystem::path& path);

} // namespace reverie
