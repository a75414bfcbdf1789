// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

namespace reverie {

using at::Tensor;
using TensorMap = std::map<std::string, Tensor>;

struct Safetensors {
    TensorMap tensors;
    std::map<std::string, std::string> metadata;
};

/// Maps the file; tensors share its memory (copy on write) and keep the map alive. Throws Error that names
/// the file and the first thing wrong.
Safetensors read_safetensors(const std::filesystem::path& path);

/// Written aside, synced, renamed. Tensors may lie on any device. Throws Error.
void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                       const std::map<std::string, std::string>& metadata = {});

} // namespace reverie
