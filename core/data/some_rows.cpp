// SPDX-License-Identifier: MIT
#include "core/data/some_rows.h"

#include <ATen/ATen.h>

namespace reverie {

SomeRows::SomeRows(const Dataset& all, const Rows& train, const Rows& test)
    : Dataset(all.size(), all.options())
    , all_(all)
    , originals_(train)
{
    originals_.insert(originals_.end(), test.begin(), test.end());
    for (std::size_t i = 0; i < originals_.size(); ++i) {
        captions_.push_back(all.captions()[std::size_t(originals_[i])]);
        (i < train.size() ? train_ : test_).push_back(std::int64_t(i));
    }
}

Rows SomeRows::originals(const Rows& rows) const
{
    Rows mapped;
    for (const auto row : rows)
        mapped.push_back(original(row));
    return mapped;
}

Image SomeRows::picture(std::int64_t row, int enough) const
{
    return all_.picture(original(row), enough);
}

Tensor SomeRows::image_embeds(const Rows& rows) const
{
    return all_.image_embeds(originals(rows));
}

Tensor SomeRows::text_embeds(const Rows& rows) const
{
    return all_.text_embeds(originals(rows));
}

} // namespace reverie
