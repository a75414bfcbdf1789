// SPDX-License-Identifier: MIT
#include "core/io/safetensors_header.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t largest_header = 100'000'000;
constexpr std::size_t length_bytes = 8;

[[noreturn]] void fail(const fs::path& path, const std::string& what)
{
    throw Error(path.string() + " " + what);
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

/// The JSON text, with the sizes in `header` filled in.
std::string read_json_text(const fs::path& path, SafetensorsHeader& header)
{
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status))
        fail(path,
             error && status.type() != fs::file_type::not_found
                 ? "can't be looked at (" + error.message() + "); choose a file you have access to."
                 : "does not exist; check the path.");
    if (!fs::is_regular_file(status))
        fail(path, "is not a file; choose a .safetensors file.");
    std::ifstream in(path, std::ios::binary);
    if (!in)
        fail(path, "can't be opened; choose a file you may read.");
    header.file_bytes = fs::file_size(path);
    if (header.file_bytes == 0)
        fail(path, "is empty; copy it again.");

    std::array<unsigned char, length_bytes> prefix{};
    in.read(reinterpret_cast<char*>(prefix.data()), prefix.size());
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < prefix.size(); ++i)
        length |= std::uint64_t{ prefix[i] } << (8 * i);
    if (!in || length > largest_header)
        fail(path, "is not a .safetensors file; choose another.");
    if (length > header.file_bytes - length_bytes) {
        const bool begins_like_one = in.peek() == '{';
        fail(path,
             begins_like_one ? "is cut short; copy it again."
                             : "is not a .safetensors file; choose another.");
    }
    header.data_offset = length_bytes + length;
    std::string text(length, '\0');
    in.read(text.data(), static_cast<std::streamsize>(length));
    if (!in)
        fail(path, "can't be read to the end of its header; copy it again.");
    return text;
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
    for (const auto& dimension : value["shape"]) {
        const std::uint64_t size = unsigned_number(dimension);
        if (size > INT64_MAX || __builtin_mul_overflow(bytes, size, &bytes))
            throw std::invalid_argument("is larger than any memory");
        entry.shape.push_back(static_cast<std::int64_t>(size));
    }
    if (entry.begin > entry.end || entry.end - entry.begin != bytes)
        throw std::invalid_argument("has a byte range that does not fit its shape");
    return entry;
}

std::map<std::string, std::string> parse_metadata(const fs::path& path, const json& value)
{
    if (!value.is_object())
        fail(path, "has metadata that is no table of texts; export it again.");
    std::map<std::string, std::string> metadata;
    for (const auto& [key, text] : value.items()) {
        if (!text.is_string())
            fail(path, "has metadata other than text under " + quoted(key) + "; export it again.");
        metadata.emplace(key, text.get<std::string>());
    }
    return metadata;
}

/// The byte ranges must follow each other from 0 to the end of the file.
void check_ranges(const fs::path& path, const SafetensorsHeader& header)
{
    using Range = std::pair<std::pair<std::uint64_t, std::uint64_t>, const std::string*>;
    std::vector<Range> ranges;
    for (const auto& [name, entry] : header.tensors)
        ranges.push_back({ { entry.begin, entry.end }, &name });
    std::sort(ranges.begin(), ranges.end());

    std::uint64_t end = 0;
    for (const auto& [range, name] : ranges) {
        if (range.first != end)
            fail(path, "leaves a gap or an overlap before tensor " + quoted(*name) + "; export it again.");
        end = range.second;
    }
    const std::uint64_t present = header.file_bytes - header.data_offset;
    if (end > present)
        fail(path,
             "is cut short (" + std::to_string(present) + " of " + std::to_string(end)
                 + " bytes of weights are there); copy it again.");
    if (end < present)
        fail(path, "has " + std::to_string(present - end) + " bytes after its last tensor; copy it again.");
}

} // namespace

std::size_t dtype_bytes(const std::string& dtype)
{
    static const std::map<std::string, std::size_t> sizes
        = { { "BOOL", 1 }, { "U8", 1 },  { "I8", 1 },  { "F8_E4M3", 1 }, { "F8_E5M2", 1 },
            { "I16", 2 },  { "U16", 2 }, { "F16", 2 }, { "BF16", 2 },    { "I32", 4 },
            { "U32", 4 },  { "F32", 4 }, { "I64", 8 }, { "U64", 8 },     { "F64", 8 } };
    const auto found = sizes.find(dtype);
    return found == sizes.end() ? 0 : found->second;
}

SafetensorsHeader read_safetensors_header(const fs::path& path)
{
    SafetensorsHeader header;
    const auto refuse_deep = [&path](int depth, json::parse_event_t, const json&) {
        constexpr int deepest = 3; // {"tensor": {"shape": [
        if (depth > deepest)
            fail(path, "is not a .safetensors file; choose another.");
        return true;
    };
    const json parsed = json::parse(read_json_text(path, header), refuse_deep, /*allow_exceptions=*/false);
    if (!parsed.is_object())
        fail(path, "is not a .safetensors file; choose another.");
    for (const auto& [name, value] : parsed.items()) {
        if (name == "__metadata__") {
            header.metadata = parse_metadata(path, value);
            continue;
        }
        try {
            header.tensors.emplace(name, parse_entry(value));
        } catch (const std::invalid_argument& e) {
            fail(path, "is damaged: tensor " + quoted(name) + " " + e.what() + "; export it again.");
        }
    }
    check_ranges(path, header);
    return header;
}

} // namespace reverie
