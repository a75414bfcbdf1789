// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/dataset_info.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace reverie {

using at::Tensor;

/// Captioned pictures, by index. Training never sees those of the test split.
class Dataset
{
public:
    Dataset() = default;
    virtual ~Dataset() = default;
    Dataset(const Dataset&) = delete;
    Dataset& operator=(const Dataset&) = delete;

    [[nodiscard]] virtual const std::vector<std::string>& captions() const = 0;
    [[nodiscard]] virtual const std::vector<std::int64_t>& train() const = 0; ///< ascending
    [[nodiscard]] virtual const std::vector<std::int64_t>& test() const = 0; ///< ascending
    [[nodiscard]] virtual const std::string& description() const = 0;
    [[nodiscard]] virtual int native_size() const = 0; ///< pixels a side before scaling; 0 if they differ

    /// The pictures of `indices` as uint8 (b, 3, size, size).
    [[nodiscard]] virtual Tensor pictures(const std::vector<std::int64_t>& indices) const = 0;
};

/// `spec` is "emoji" or a tensor pack (*.safetensors); pictures come at `size` pixels a side. Throws
/// UsageError for another spec or size, Error if fonts or files are missing or damaged.
std::unique_ptr<Dataset> open_dataset(const std::string& spec, int size);

/// What dataset_info() and pack_dataset() of core/api do.
DatasetInfo inspect_dataset(const std::string& spec);
void write_dataset_pack(const std::string& spec, int size, const std::filesystem::path& out);

} // namespace reverie
