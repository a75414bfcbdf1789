// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
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

} // namespace reverie
