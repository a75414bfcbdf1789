// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reverie {

struct TensorEntry {
    std::string dtype; ///< "F32", "F16", "BF16", "I64", "U8", ...
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0, end = 0; ///< bytes, counted from the start of the data
};

/// The first part of a .safetensors file: u64 length, JSON, then the data it describes.
struct SafetensorsHeader {
    std::map<std::string, TensorEntry> tensors;
    std::map<std::string, std::string> metadata;
    std::uint64_t data_offset = 0; ///< of the data in the file
    std::uint64_t file_bytes = 0;
};

/// Reads and checks the header: size caps, known dtypes, shapes that match their byte ranges, ranges that
/// fill the data without gap or overlap. Throws Error that names the file and the first thing wrong.
SafetensorsHeader read_safetensors_header(const std::filesystem::path& path);

/// The same of a file that lies in memory. `name` begins every message.
SafetensorsHeader parse_safetensors_header(std::string_view file, const std::string& name);

/// Begins like a .safetensors file.
bool is_safetensors(std::string_view bytes);

/// Bytes of one element; 0 for a dtype safetensors does not know.
std::size_t dtype_bytes(const std::string& dtype);

} // namespace reverie
