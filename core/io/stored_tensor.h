// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace reverie {

/// A tensor where it lies, in a mapped file or in memory. Every element is within what `owner` keeps alive.
struct StoredTensor {
    std::string dtype; ///< as safetensors names it: "F32", "F16", "BF16", "I64", "U8", "BOOL", ...
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides; ///< in elements
    const char* data = nullptr; ///< its first element; null if it has none
    std::shared_ptr<const void> owner;

    [[nodiscard]] std::uint64_t elements() const;
    [[nodiscard]] std::uint64_t bytes() const; ///< of its elements one after another
    [[nodiscard]] bool is_contiguous() const;
};

using StoredTensors = std::map<std::string, StoredTensor>;

/// The strides of elements one after another, the last dimension fastest.
std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape);

/// The elements one after another, whatever the strides.
std::string packed_bytes(const StoredTensor& tensor);

} // namespace reverie
