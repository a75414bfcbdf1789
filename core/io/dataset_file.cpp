// SPDX-License-Identifier: MIT
#include "core/io/dataset_file.h"

#include "core/base/error.h"
#include "core/data/embedding_dataset.h"
#include "core/data/emoji.h"
#include "core/data/picture_dataset.h"
#include "core/data/shapes.h"
#include "core/io/dataset_pack.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace reverie {

namespace {

namespace fs = std::filesystem;

constexpr int usual_size = 64; ///< where nobody says at which
constexpr std::size_t most_files = 100'000;

std::optional<std::int64_t> number_in(std::string_view text)
{
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= 0 ? std::optional(number)
                                                                                   : std::nullopt;
}

/// Splits at the commas that are not in braces.
std::vector<std::string> split(const std::string& text)
{
    std::vector<std::string> pieces(1);
    int depth = 0;
    for (const char c : text) {
        depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        if (c == ',' && depth <= 0)
            pieces.emplace_back();
        else
            pieces.back() += c;
    }
    return pieces;
}

/// "00..12" is 00, 01 and so on; "a,b" is a and b.
std::vector<std::string> alternatives(const std::string& inside)
{
    const auto dots = inside.find("..");
    if (dots == std::string::npos)
        return split(inside);
    const auto first = number_in(inside.substr(0, dots)), last = number_in(inside.substr(dots + 2));
    if (!first || !last || *last < *first || std::size_t(*last - *first) >= most_files)
        throw UsageError("\"{" + inside
                         + "}\" is no range of at most 100,000 numbers; write one like {00000..00009}.");
    std::vector<std::string> numbers;
    for (auto number = *first; number <= *last; ++number) {
        const auto digits = std::to_string(number);
        numbers.push_back(std::string(dots - std::min(dots, digits.size()), '0') + digits);
    }
    return numbers;
}

void expand(const std::string& spec, std::vector<std::string>& expanded)
{
    const auto open = spec.find('{'), close = spec.find('}', open);
    if (close == std::string::npos) {
        expanded.push_back(spec);
    } else {
        for (const auto& choice : alternatives(spec.substr(open + 1, close - open - 1)))
            expand(spec.substr(0, open) + choice + spec.substr(close + 1), expanded);
    }
    if (expanded.size() > most_files)
        throw UsageError("The data set \"" + spec + "\" has more than 100,000 files; give fewer at a time.");
}

/// The tars of a folder that has some.
std::vector<fs::path> tars_in(const fs::path& folder)
{
    std::vector<fs::path> tars;
    std::error_code error;
    for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
         at.increment(error))
        if (at->path().extension() == ".tar")
            tars.push_back(at->path());
    std::sort(tars.begin(), tars.end());
    return tars;
}

std::unique_ptr<Dataset> open_shapes(const std::string& spec, int size, const PictureOptions& options)
{
    constexpr std::int64_t usual = 20'000, most = 100'000'000;
    const auto colon = spec.find(':');
    const auto count = colon == std::string::npos ? usual : number_in(spec.substr(colon + 1)).value_or(0);
    if (count < 1 || count > most)
        throw UsageError("\"" + spec + "\" does not say how many shapes; write one like shapes:20000.");
    return open_shapes_dataset(count, size > 0 ? size : usual_size, options);
}

std::unique_ptr<Dataset> open_any(const std::string& spec, int size, const PictureOptions& options)
{
    const int some_size = size > 0 ? size : usual_size;
    if (spec == "emoji")
        return open_emoji_dataset(some_size, options);
    if (spec == "shapes" || spec.starts_with("shapes:"))
        return open_shapes(spec, size, options);
    std::error_code error;
    if (fs::is_directory(spec, error)) {
        if (is_embedding_folder(spec))
            return open_embedding_folder(spec);
        const auto tars = tars_in(spec);
        return std::make_unique<PictureDataset>(tars.empty() ? index_folder(spec) : index_tars(tars),
                                                some_size, options);
    }
    if (fs::path(spec).extension() == ".safetensors")
        return open_pack(spec, size, options);
    const auto files = fs::exists(spec, error) ? std::vector{ spec } : expand_braces(spec);
    if (std::all_of(files.begin(), files.end(), [](const auto& file) { return file.ends_with(".tar"); }))
        return std::make_unique<PictureDataset>(index_tars({ files.begin(), files.end() }), some_size,
                                                options);
    throw UsageError("There is no data set \"" + spec + "\"; give " + dataset_specs + ".");
}

} // namespace

std::vector<std::string> expand_braces(const std::string& spec)
{
    std::vector<std::string> expanded;
    for (const auto& piece : split(spec))
        expand(piece, expanded);
    return expanded;
}

std::unique_ptr<Dataset> open_dataset(const std::string& spec, int size, const PictureOptions& options)
{
    if (size < 1 || size > 1024)
        throw UsageError("Pictures must be 1 to 1024 pixels a side, not " + std::to_string(size) + ".");
    auto dataset = open_any(spec, size, options);
    if (dataset->train().empty())
        throw Error(
            "Nothing in \"" + spec + "\" can be trained on"
            + (dataset->flaws().empty() ? "" : ", to begin with because " + dataset->flaws()[0].sentence)
            + " See all of it with \"dream dataset check\".");
    return dataset;
}

std::unique_ptr<Dataset> open_dataset(const std::string& spec)
{
    return open_any(spec, 0, {});
}

std::int64_t write_dataset_pack(const std::string& spec, int size, const PictureOptions& options,
                                const std::filesystem::path& out)
{
    const auto dataset = open_dataset(spec, size, options);
    if (!dataset->has_pictures())
        throw UsageError("\"" + spec + "\" has no pictures to pack; train from it as it is.");
    return write_pack(*dataset, out);
}

} // namespace reverie
