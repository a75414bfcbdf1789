// SPDX-License-Identifier: MIT
#include "core/io/tensor_shapes.h"

#include "core/base/error.h"

namespace reverie {

bool TensorShapes::has_below(const std::string& prefix) const
{
    const auto found = tensors_.lower_bound(prefix);
    return found != tensors_.end() && found->first.starts_with(prefix);
}

std::int64_t TensorShapes::size(const std::string& name, std::size_t dim) const
{
    const auto found = tensors_.find(name);
    if (found == tensors_.end())
        throw Error(what_ + " lacks the tensor " + name + "; get the whole file.");
    const auto& shape = found->second.shape;
    if (dim >= shape.size() || shape[dim] < 1)
        throw Error(what_ + " has a tensor " + name + " of " + std::to_string(shape.size())
                    + " dimensions, which no such model has; get it elsewhere.");
    return shape[dim];
}

std::int64_t TensorShapes::count(const std::string& prefix, const std::string& suffix) const
{
    std::int64_t n = 0;
    while (tensors_.contains(prefix + std::to_string(n) + suffix))
        ++n;
    return n;
}

} // namespace reverie
