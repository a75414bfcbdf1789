// SPDX-License-Identifier: MIT
#include "core/data/memory_dataset.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

namespace reverie {

MemoryDataset::MemoryDataset(Content content)
    : content_(std::move(content))
{
    const auto& test = content_.test;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(content_.captions.size()); ++i)
        if (!std::binary_search(test.begin(), test.end(), i))
            train_.push_back(i);
}

Tensor MemoryDataset::pictures(const std::vector<std::int64_t>& indices) const
{
    return content_.pictures.index_select(0, at::tensor(indices, at::kLong))
        .permute({ 0, 3, 1, 2 })
        .contiguous();
}

} // namespace reverie
