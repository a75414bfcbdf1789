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
        Rows test; ///< ascending; the rest is for training
        Tensor pictures; ///< uint8 (n, size, size, 3)
    };
    explicit MemoryDataset(Content content, const PictureOptions& options = {});

    [[nodiscard]] const std::vector<std::string>& captions() const override { return content_.captions; }
    [[nodiscard]] const Rows& train() const override { return train_; }
    [[nodiscard]] const Rows& test() const override { return content_.test; }
    [[nodiscard]] const std::string& description() const override { return content_.description; }
    [[nodiscard]] int native_size() const override { return content_.native_size; }
    [[nodiscard]] Image picture(std::int64_t row, int enough) const override;

private:
    Content content_;
    Rows train_;
};

/// The rows below `count` that are not among `test`, which is ascending.
Rows all_but(const Rows& test, std::int64_t count);

} // namespace reverie
