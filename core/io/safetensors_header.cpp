// SPDX-License-Identifier: MIT
#include "core/io/safetensors_header.h"

#include "core/base/error.h"
#include "core/io/mapped_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace reverie {

namespace {

using nlohmann::json;

constexpr std::uint64_t largest_header = 100'000'000;
constexpr std::size_t length_bytes = 8;

[[noreturn]] void fail(const std::string& file, const std::string& what)
{
    throw Error(file + " " + what);
}

/// A name out of the file, fit for a one-line message.
std::string quoted(std::string name)
{
    constexpr std::size_t longest = 80;
    if (name.size() > longest)
        name = name.substr(0, longest) + "...";
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return "'" + name + "'";
}

/// Length of the JSON text; past the end of what is no such file.
std::uint64_t header_length(std::string_view file)
{
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < length_bytes && i < file.size(); ++i)
        length |= std::uint64_t{ static_cast<unsigned char>(file[i]) } << (8 * i);
    return file.size() < length_bytes ? UINT64_MAX : length;
}

/// The JSON text, with the sizes in `header` filled in.
std::string_view json_text(std::string_view file, const std::string& name, SafetensorsHeader& header)
{
    header.file_bytes = file.size();
    const auto length = header_length(file);
    if (file.starts_with("PK\x03\x04"))
        fail(name, "is a file of PyTorch; make it a model with `dream model import`.");
    if (length > largest_header)
        fail(name, "is not a .safetensors file; choose another.");
    header.data_offset = length_bytes + length;
    file.remove_prefix(length_bytes);
    if (length > file.size())
        fail(name,
             file.starts_with('{') ? "is cut short; copy it again."
                                   : "is not a .safetensors file; choose another.");
    return file.substr(0, length);
}

std::uint64_t unsigned_number(const json& value)
{
    if (!value.is_number_unsigned())
        throw std::invalid_argument("has a size that is no whole number");
    return value.get<std::uint64_t>();
}

/// Throws std::invalid_argument with what is wrong.
TensorEntry parse_entry(const json& value)
{
    if (!value.is_object() || !value.contains("dtype") || !value.contains("shape")
        || !value.contains("data_offsets") || !value["dtype"].is_string() || !value["shape"].is_array()
        || !value["data_offsets"].is_array() || value["data_offsets"].size() != 2)
        throw std::invalid_argument("lacks a dtype, a shape or a byte range");

    TensorEntry entry;
    entry.dtype = value["dtype"].get<std::string>();
    entry.begin = unsigned_number(value["data_offsets"][0]);
    entry.end = unsigned_number(value["data_offsets"][1]);
    std::uint64_t bytes = dtype_bytes(entry.dtype);
    if (bytes == 0)
        throw std::invalid_argument("has the unknown dtype " + quoted(entry.dtype));
    std::uint64_t reach = 1; // as if no dimension were 0; strides are counted that way
    for (const auto& dimension : value["shape"]) {
        const std::uint64_t size = unsigned_number(dimension);
        if (size > INT64_MAX || __builtin_mul_overflow(bytes, size, &bytes)
            || __builtin_mul_overflow(reach, std::max<std::uint64_t>(size, 1), &reach) || reach > INT64_MAX)
            throw std::invalid_argument("is larger than any memory");
        entry.shape.push_back(static_cast<std::int64_t>(size));
    }
    if (entry.begin > entry.end || entry.end - entry.begin != bytes)
        throw std::invalid_argument("has a byte range that does not fit its shape");
    return entry;
}

std::map<std::string, std::string> parse_metadata(const std::string& file, const json& value)
{
    if (!value.is_object())
        fail(file, "has metadata that is no table of texts; export it again.");
    std::map<std::string, std::string> metadata;
    for (const auto& [key, text] : value.items()) {
        if (!text.is_string())
            fail(file, "has metadata other than text under " + quoted(key) + "; export it again.");
        metadata.emplace(key, text.get<std::string>());
    }
    return metadata;
}

/// The byte ranges must follow each other from 0 to the end of the file.
void check_ranges(const std::string& file, const SafetensorsHeader& header)
{
    using Range = std::pair<std::pair<std::uint64_t, std::uint64_t>, const std::string*>;
    std::vector<Range> ranges;
    for (const auto& [name, entry] : header.tensors)
        ranges.push_back({ { entry.begin, entry.end }, &name });
    std::sort(ranges.begin(), ranges.end());

    std::uint64_t end = 0;
    for (const auto& [range, name] : ranges) {
        if (range.first != end)
            fail(file, "leaves a gap or an overlap before tensor " + quoted(*name) + "; export it again.");
        end = range.second;
    }
    const std::uint64_t present = header.file_bytes - header.data_offset;
    if (end > present)
        fail(file,
             "is cut short (" + std::to_string(present) + " of " + std::to_string(end)
                 + " bytes of weights are there); copy it again.");
    if (end < present)
        fail(file, "has " + std::to_string(present - end) + " bytes after its last tensor; copy it again.");
}

} // namespace

std::size_t dtype_bytes(const std::string& dtype)
{
    static const std::map<std::string, std::size_t> sizes
        = { { "BOOL", 1 }, { "U8", 1 },  { "I8", 1 },   { "F8_E4M3", 1 }, { "F8_E5M2", 1 }, { "I16", 2 },
            { "U16", 2 },  { "F16", 2 }, { "BF16", 2 }, { "I32", 4 },     { "U32", 4 },     { "F32", 4 },
            { "I64", 8 },  { "U64", 8 }, { "F64", 8 },  { "C32", 4 },     { "C64", 8 },     { "C128", 16 } };
    const auto found = sizes.find(dtype);
    return found == sizes.end() ? 0 : found->second;
}

bool is_safetensors(std::string_view bytes)
{
    return header_length(bytes) <= largest_header && bytes.substr(length_bytes).starts_with('{');
}

SafetensorsHeader read_safetensors_header(const std::filesystem::path& path)
{
    return parse_safetensors_header(MappedFile(path).bytes(), path.string());
}

SafetensorsHeader parse_safetensors_header(std::string_view file, const std::string& name)
{
    SafetensorsHeader header;
    const auto refuse_deep = [&name](int depth, json::parse_event_t, const json&) {
        constexpr int deepest = 3; // {"tensor": {"shape": [
        if (depth > deepest)
            fail(name, "is not a .safetensors file; choose another.");
        return true;
    };
    const json parsed = json::parse(json_text(file, name, header), refuse_deep, /*allow_exceptions=*/false);
    if (!parsed.is_object())
        fail(name, "is not a .safetensors file; choose another.");
    for (const auto& [tensor, value] : parsed.items()) {
        if (tensor == "__metadata__") {
            header.metadata = parse_metadata(name, value);
            continue;
        }
        try {
            header.tensors.emplace(tensor, parse_entry(value));
        } catch (const std::invalid_argument& e) {
            fail(name, "is damaged: tensor " + quoted(tensor) + " " + e.what() + "; export it again.");
        }
    }
    check_ranges(name, header);
    return header;
}

} // namespace reverie
