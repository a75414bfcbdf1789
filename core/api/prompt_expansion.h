// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// Every prompt that a template stands for, in order:
///   {a|b}       a, then b; alternatives may be empty and may hold templates themselves
///   {2$$a|b|c}  every two of them, joined by ", ": a, b; a, c; b, c. {1-2$$a|b|c}: one or two
///   {1..4}      1, 2, 3, 4; {0..10..5}: 0, 5, 10
///   __name__    every line of name.txt in `wildcards`; its lines may be templates
///   # ...       a comment, up to the end of the line, at its beginning or after a space
/// A backslash before { | } # _ takes it literally; one before ( ) [ ] \\ stays, for read_weights(). Nothing
/// is left of a line that is only a comment. Throws UsageError for braces that don't close, a range that
/// leads nowhere, a wildcard file that is not there or refers to itself, and for more than 10000 prompts.
std::vector<std::string> expand_prompt(const std::string& line, const std::filesystem::path& wildcards);

/// The template that stands for exactly these prompts.
std::string template_of(const std::vector<std::string>& prompts);

} // namespace reverie
