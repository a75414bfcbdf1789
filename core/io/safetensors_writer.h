// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/file.h"
#include "core/io/stored_tensor.h"

#include <filesystem>
#include <functional>

namespace reverie {

/// A tensor that is about to be written: its bytes come when they are asked for, one element after another.
struct TensorToWrite {
    std::string dtype; ///< as safetensors names it
    std::vector<std::int64_t> shape;
    std::function<void(const Sink&)> write;
};

/// Writes a .safetensors file aside, syncs and renames it. Wide elements come first, so that every tensor
/// lies on a multiple of its element's size. Throws Error.
void write_safetensors_file(const std::filesystem::path& path,
                            const std::map<std::string, TensorToWrite>& tensors,
                            const std::map<std::string, std::string>& metadata);

/// The same for tensors as they lie in another file, bit for bit.
void write_stored_tensors(const std::filesystem::path& path, const StoredTensors& tensors,
                          const std::map<std::string, std::string>& metadata);

} // namespace reverie
