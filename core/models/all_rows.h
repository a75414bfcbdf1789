// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace reverie {

/// Gives the rows that all processes have between them for those (b, ...) of this one, in the same order to
/// every process, and takes every process' gradients back to them. None: there are no others. A loss over it
/// is that of the whole batch, the same in every process.
using AllRows = std::function<at::Tensor(const at::Tensor& rows)>;

inline at::Tensor rows_of_all(const AllRows& all_rows, const at::Tensor& rows)
{
    return all_rows && rows.defined() ? all_rows(rows) : rows;
}

} // namespace reverie
