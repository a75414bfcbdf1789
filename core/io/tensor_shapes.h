// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/stored_tensor.h"

#include <cstdint>
#include <string>

namespace reverie {

/// Asks the tensors of a model for its sizes.
class TensorShapes
{
public:
    /// `what` names the model in messages.
    TensorShapes(const StoredTensors& tensors, std::string what)
        : tensors_(tensors)
        , what_(std::move(what))
    {
    }

    [[nodiscard]] bool has(const std::string& name) const { return tensors_.contains(name); }
    [[nodiscard]] bool has_below(const std::string& prefix) const;

    /// Dimension `dim` of a tensor. Throws Error if there is no such tensor or dimension.
    [[nodiscard]] std::int64_t size(const std::string& name, std::size_t dim) const;

    /// How many of PREFIX0SUFFIX, PREFIX1SUFFIX, ... there are in a row.
    [[nodiscard]] std::int64_t count(const std::string& prefix, const std::string& suffix) const;

private:
    const StoredTensors& tensors_;
    std::string what_;
};

} // namespace reverie
