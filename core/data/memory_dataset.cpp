// SPDX-License-Identifier: MIT
#include "core/data/memory_dataset.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

namespace reverie {

Rows all_but(const Rows& test, std::int64_t count)
{
    Rows rest;
    for (std::int64_t row = 0; row < count; ++row)
        if (!std::binary_search(test.begin(), test.end(), row))
            rest.push_back(row);
    return rest;
}

MemoryDataset::MemoryDataset(Content content, const PictureOptions& options)
    : Dataset(int(content.pictures.size(1)), options)
    , content_(std::move(content))
    , train_(all_but(content_.test, std::int64_t(content_.captions.size())))
{
    content_.pictures = content_.pictures.contiguous();
}

Image MemoryDataset::picture(std::int64_t row, int) const
{
    const auto bytes = std::ptrdiff_t{ size() } * size() * 3;
    const auto* first = content_.pictures.data_ptr<std::uint8_t>() + row * bytes;
    return { size(), size(), { first, first + bytes } };
}

} // namespace reverie
