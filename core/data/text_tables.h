// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

/// Unicode and HTML tables, generated. Ranges are sorted and include both ends.
namespace reverie::text_tables {

struct CodeRange {
    char32_t first, last;
};
/// Every stride-th code from first to last, mapped to consecutive strides from value.
struct CodeMap {
    char32_t first, last, stride, value;
};
struct CombiningClass {
    char32_t first, last;
    unsigned value;
};
struct Decomposition {
    char32_t composite, first, second; ///< second is 0 for a singleton
};
struct Entity {
    std::string_view name, text; ///< name without '&', with its ';' where it has one
};

const std::vector<CodeRange>& letters(); ///< \p{L}
const std::vector<CodeRange>& numbers(); ///< \p{N}
const std::vector<CodeRange>& spaces();
const std::vector<CodeRange>& cased();
const std::vector<CodeRange>& case_ignorable();
const std::vector<CodeMap>& lower_case();
const std::vector<CodeMap>& narrow_forms(); ///< of full-width and half-width characters
const std::vector<CombiningClass>& combining_classes();
const std::vector<Decomposition>& decompositions();
const std::vector<CodeRange>& composition_exclusions();
const std::vector<Entity>& html_entities();

} // namespace reverie::text_tables
