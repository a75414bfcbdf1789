// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

namespace reverie {

/// A data set small enough to lie in memory as a whole.
class MemoryDataset : public Dataset
{
public:
    struct Content {
        std::string description;
        int native_size = 0;
        std::vector<std::string> captions;
        std::vector<std::int64_t> test; ///< ascending; the rest is for training
        Tensor pictures; ///< uint8 (n, size, size, 3)
    };
    explicit MemoryDataset(Content content);

    [[nodiscard]] const std::vector<std::string>& captions() const override { return content_.captions; }
    [[nodiscard]] const std::vector<std::int64_t>& train() const override { return train_; }
    [[nodiscard]] const std::vector<std::int64_t>& test() const override { return content_.test; }
    [[nodiscard]] const std::string& description() const override { return content_.description; }
    [[nodiscard]] int native_size() const override { return content_.native_size; }
    [[nodiscard]] Tensor pictures(const std::vector<std::int64_t>& indices) const override;

private:
    Content content_;
    std::vector<std::int64_t> train_;
};

} // namespace reverie
