// SPDX-License-Identifier: MIT
#include "core/api/request_axes.h"

#include "core/api/number_list.h"
#include "core/base/error.h"
#include "core/base/utf8.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace reverie {

namespace {

constexpr std::size_t most_pictures = 10'000;
constexpr double seed_limit = 9007199254740992.0; // 2^53

std::string trimmed(const std::string& text)
{
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// N of "stage-N-steps" and "weight-N", from 1 to 100; 0 if the parameter is no such.
std::size_t number_in(const std::string& parameter, const std::string& before, const std::string& after)
{
    constexpr std::size_t most = 100;
    std::size_t number = 0;
    if (parameter.size() <= before.size() + after.size() || !parameter.starts_with(before)
        || !parameter.ends_with(after))
        return 0;
    const char* const end = parameter.data() + parameter.size() - after.size();
    const auto read = std::from_chars(parameter.data() + before.size(), end, number);
    return read.ec == std::errc() && read.ptr == end && number <= most ? number : 0;
}

std::size_t stage_of(const std::string& parameter)
{
    return number_in(parameter, "stage-", "-steps");
}

std::size_t part_of(const std::string& parameter)
{
    return number_in(parameter, "weight-", "");
}

double number_of(const std::string& parameter, const std::string& value)
{
    const auto numbers = expand_numbers(value);
    if (numbers.size() != 1)
        throw UsageError("One value of " + parameter + " is one number, not \"" + value + "\".");
    return numbers[0];
}

double share_of(const std::string& parameter, const std::string& value)
{
    const double number = number_of(parameter, value);
    if (number < 0 || number > 1)
        throw UsageError("A value of " + parameter + " lies from 0 to 1, unlike \"" + value + "\".");
    return number;
}

int whole_of(const std::string& parameter, const std::string& value)
{
    const double number = number_of(parameter, value);
    if (number != std::floor(number) || number < 1 || number > 1e9)
        throw UsageError("A value of " + parameter + " is a whole number from 1, not \"" + value + "\".");
    return static_cast<int>(number);
}

std::uint64_t seed_of(const std::string& value)
{
    const double number = number_of("seed", value);
    if (number != std::floor(number) || number < 0 || number >= seed_limit)
        throw UsageError("A seed is a whole number from 0 to 9007199254740991, not \"" + value + "\".");
    return static_cast<std::uint64_t>(number);
}

void set_strength(Recipe& recipe, double strength)
{
    if (recipe.text_diff) {
        recipe.text_diff->strength = strength;
        return;
    }
    if (!recipe.start)
        throw UsageError("There is neither a text difference nor a start picture whose strength could vary.");
    if (strength == 0)
        throw UsageError("The strength of a start from a picture lies above 0 and up to 1; leave 0 out.");
    recipe.start->strength = strength;
}

void set_stage_steps(GenerateRequest& request, std::size_t stage, int steps)
{
    if (stage > request.steps.size())
        throw UsageError("The steps of stage " + std::to_string(stage)
                         + " can vary where each stage's number is given; give them all.");
    request.steps[stage - 1] = steps;
}

void set_weight(Recipe& recipe, std::size_t part, double weight)
{
    if (part > recipe.blend.size())
        throw UsageError("There is no part " + std::to_string(part) + " of the mix whose weight could vary.");
    recipe.blend[part - 1].weight = weight;
}

std::vector<std::string> texts_between_bars(const std::string& values)
{
    std::vector<std::string> texts{ "" };
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values.compare(i, 2, "\\|") == 0)
            texts.back() += values[++i];
        else if (values[i] == '|')
            texts.emplace_back();
        else
            texts.back() += values[i];
    }
    for (auto& text : texts)
        text = trimmed(text);
    return texts;
}

/// Of `axes`, the index of each one's value in combination `cell`.
std::vector<std::size_t> indices_of(std::size_t cell, const std::vector<Axis>& axes)
{
    std::vector<std::size_t> indices(axes.size());
    for (std::size_t i = axes.size(); i-- > 0;) {
        indices[i] = cell % axes[i].values.size();
        cell /= axes[i].values.size();
    }
    return indices;
}

bool within_request(const std::string& parameter)
{
    return parameter == "prompt" || parameter == "seed";
}

/// One picture a prompt, each with its own seed, for more to be added.
SetPart without_pictures(GenerateRequest request)
{
    request.prompts.clear();
    request.seeds.clear();
    request.count = 1;
    return { std::move(request), {} };
}

void add_pictures(SetPart& part, const GenerateRequest& combined, int cell)
{
    for (const auto& prompt : combined.prompts) {
        for (int n = 0; n < combined.count; ++n) {
            part.request.prompts.push_back(prompt);
            part.request.seeds.push_back(combined.seed + static_cast<std::uint64_t>(n));
            part.cells.push_back(cell);
        }
    }
}

} // namespace

std::vector<std::string> axis_parameters(std::size_t stages, std::size_t blend_parts)
{
    std::vector<std::string> all{ "prompt", "negative", "seed", "guidance", "prior-guidance", "steps" };
    for (std::size_t i = 1; i <= stages && stages > 1; ++i)
        all.push_back("stage-" + std::to_string(i) + "-steps");
    all.insert(all.end(), { "prior-steps", "candidates", "sampler", "eta", "strength" });
    for (std::size_t i = 1; i <= blend_parts; ++i)
        all.push_back("weight-" + std::to_string(i));
    return all;
}

bool is_number_axis(const std::string& parameter)
{
    return parameter != "prompt" && parameter != "negative" && parameter != "sampler";
}

Axis make_axis(const std::string& parameter, const std::string& values)
{
    const auto stage = stage_of(parameter), part = part_of(parameter);
    const auto known = axis_parameters(std::max<std::size_t>(stage, 2), part);
    if (std::find(known.begin(), known.end(), parameter) == known.end()) {
        std::string names;
        for (const auto& name : axis_parameters(1, 0))
            names += (names.empty() ? "" : ", ") + name;
        throw UsageError("There is no parameter \"" + parameter + "\"; choose one of " + names + ".");
    }
    Axis axis{ parameter, {} };
    if (is_number_axis(parameter)) {
        for (const double number : expand_numbers(values))
            axis.values.push_back(number_text(number));
    } else {
        auto text = values;
        if (parameter == "sampler")
            std::replace(text.begin(), text.end(), ',', '|');
        axis.values = texts_between_bars(text);
    }
    GenerateRequest trial;
    trial.steps.resize(stage);
    trial.recipe.blend.resize(part);
    trial.recipe.text_diff = TextDiff{};
    for (const auto& value : axis.values) {
        set_parameter(trial, parameter, value);
        if (parameter == "prompt" && value.empty())
            throw UsageError("One of the prompts is empty; say what to draw.");
        if (!is_utf8(value))
            throw UsageError("A value of " + parameter
                             + " is not UTF-8 text; check the terminal's encoding.");
    }
    return axis;
}

Axis parse_axis(const std::string& text)
{
    const auto equals = text.find('=');
    if (equals == std::string::npos)
        throw UsageError("An axis names a parameter and its values, as in guidance=1,2,..,4, not \"" + text
                         + "\".");
    return make_axis(trimmed(text.substr(0, equals)), text.substr(equals + 1));
}

void set_parameter(GenerateRequest& request, const std::string& parameter, const std::string& value)
{
    if (parameter == "prompt")
        request.prompts = { value };
    else if (parameter == "negative")
        request.recipe.negative = value;
    else if (parameter == "seed")
        request.seed = seed_of(value);
    else if (parameter == "guidance")
        request.cond_scale = number_of(parameter, value);
    else if (parameter == "prior-guidance")
        request.prior_cond_scale = number_of(parameter, value);
    else if (parameter == "steps")
        request.steps = { whole_of(parameter, value) };
    else if (parameter == "prior-steps")
        request.prior_steps = whole_of(parameter, value);
    else if (parameter == "candidates")
        request.candidates = whole_of(parameter, value);
    else if (parameter == "sampler")
        request.sampler = sampler_from_string(value);
    else if (parameter == "eta")
        request.eta = share_of(parameter, value);
    else if (parameter == "strength")
        set_strength(request.recipe, share_of(parameter, value));
    else if (const auto stage = stage_of(parameter))
        set_stage_steps(request, stage, whole_of(parameter, value));
    else if (const auto part = part_of(parameter))
        set_weight(request.recipe, part, number_of(parameter, value));
    else
        throw UsageError("There is no parameter \"" + parameter + "\".");
}

std::vector<SetPart> combinations(const GenerateRequest& base, const std::vector<Axis>& axes)
{
    std::set<std::string> names;
    const auto pictures = base.prompts.size() * static_cast<std::size_t>(base.count); // of a combination
    std::size_t cells = 1;
    bool same_seeds = false;
    for (const auto& axis : axes) {
        if (!names.insert(axis.parameter).second)
            throw UsageError("Two axes can't both be " + axis.parameter
                             + "; choose another for one of them.");
        cells *= axis.values.size();
        same_seeds = same_seeds || within_request(axis.parameter);
        if (cells * pictures > most_pictures)
            throw UsageError("That makes more than " + std::to_string(most_pictures)
                             + " pictures; give fewer values.");
    }
    if (axes.empty())
        return { { base, std::vector<int>(pictures, 0) } };
    std::vector<std::pair<std::vector<std::size_t>, SetPart>> parts; ///< by what differs between requests
    for (std::size_t cell = 0; cell < cells; ++cell) {
        const auto indices = indices_of(cell, axes);
        auto combined = base;
        std::vector<std::size_t> key;
        for (std::size_t i = 0; i < axes.size(); ++i) {
            set_parameter(combined, axes[i].parameter, axes[i].values[indices[i]]);
            if (!within_request(axes[i].parameter))
                key.push_back(indices[i]);
        }
        if (!same_seeds) { // every combination is a request as it is
            parts.push_back({ key, { combined, std::vector<int>(pictures, static_cast<int>(cell)) } });
            continue;
        }
        auto part
            = std::find_if(parts.begin(), parts.end(), [&](const auto& one) { return one.first == key; });
        if (part == parts.end())
            part = parts.insert(parts.end(), { key, without_pictures(combined) });
        add_pictures(part->second, combined, static_cast<int>(cell));
    }
    std::vector<SetPart> all;
    for (auto& [key, part] : parts)
        all.push_back(std::move(part));
    return all;
}

std::size_t pictures_of(const std::vector<SetPart>& parts)
{
    std::size_t count = 0;
    for (const auto& part : parts)
        count += part.cells.size();
    return count;
}

} // namespace reverie
