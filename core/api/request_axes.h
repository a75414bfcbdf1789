// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"

namespace reverie {

/// What the pictures of a set differ in, and the values it takes in it, each as one would type it.
struct Axis {
    std::string parameter; ///< of axis_parameters()
    std::vector<std::string> values;
    bool operator==(const Axis&) const = default;
};

/// Everything that may differ: prompt, negative, seed, guidance, prior-guidance, steps (of all stages),
/// stage-N-steps, prior-steps, candidates, sampler, eta, strength (of a text difference or a start picture)
/// and weight-N (of the N-th part of a blend).
std::vector<std::string> axis_parameters(std::size_t stages, std::size_t blend_parts);

/// Its values are numbers, as opposed to texts.
bool is_number_axis(const std::string& parameter);

/// Numbers are read by expand_numbers(), texts stand between '|' and may be empty only for `negative`. Throws
/// UsageError if there is no such parameter or no such value.
Axis make_axis(const std::string& parameter, const std::string& values);
/// The same from "guidance=1, 2, .., 4".
Axis parse_axis(const std::string& text);

/// Throws UsageError if the request has nothing of the kind, or for a value that no model knows.
void set_parameter(GenerateRequest& request, const std::string& parameter, const std::string& value);

/// Pictures of one set that are drawn together.
struct SetPart {
    GenerateRequest request;
    std::vector<int> cells; ///< by picture of the request: which of the combinations it belongs to
};

/// Draws `base` in every combination of the axes' values, the last axis varying fastest, and each from the
/// same seeds unless they are an axis. What differs in nothing but prompt and seed is one request; where one
/// of these is an axis, every prompt is drawn with every seed. Throws UsageError like set_parameter(), for a
/// parameter that comes twice, and for more than 10000 pictures.
std::vector<SetPart> combinations(const GenerateRequest& base, const std::vector<Axis>& axes);

/// How many pictures that makes.
std::size_t pictures_of(const std::vector<SetPart>& parts);

} // namespace reverie
