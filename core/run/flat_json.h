// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

namespace reverie {

/// A member of a JSON object: a number, or a word.
struct FlatField {
    std::string_view name;
    std::string_view word; ///< without its quotes; empty for a number
    double number = 0; ///< true and false are 1 and 0, null is not a number
    bool is_word = false;
};

/// Finds the members of an object whose values are numbers, strings without escapes, true, false or null, an
/// order of magnitude faster than a whole JSON reader does. False if `text` is anything else; `fields` are
/// then undefined. They point into `text`.
bool scan_flat_object(std::string_view text, std::vector<FlatField>& fields);

} // namespace reverie
