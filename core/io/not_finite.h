// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/stored_tensor.h"

namespace reverie {

/// How many numbers are NaN or infinite; complex and whole numbers count as finite.
std::uint64_t count_not_finite(const StoredTensor& tensor);

/// A sentence that names the first ten weights with such numbers, with how many, and counts the rest; empty
/// if there are none. Tables, which may hold them by intention, do not count. Reads every byte.
std::string not_finite_in_words(const StoredTensors& tensors);

} // namespace reverie
