// SPDX-License-Identifier: MIT
#include "core/io/vocabulary.h"

#include "core/base/error.h"
#include "core/io/inflate.h"
#include "core/io/json_file.h"
#include "core/io/mapped_file.h"
#include "core/io/zip_reader.h"

#include <array>

namespace reverie {

namespace {

constexpr std::size_t largest = 64 << 20; ///< bytes of a vocabulary

/// What a .gz file (RFC 1952) of one member holds.
std::string gunzipped(std::string_view gzip, const std::string& name)
{
    const auto damaged = [&name] { return Error(name + " is damaged; copy it again."); };
    constexpr std::size_t head_bytes = 10, tail_bytes = 8;
    constexpr unsigned has_header_crc = 2, has_extra = 4, has_name = 8, has_comment = 16;
    if (gzip.size() < head_bytes + tail_bytes || gzip[2] != 8)
        throw damaged();
    const auto flags = static_cast<unsigned char>(gzip[3]);
    const auto tail = gzip.substr(gzip.size() - tail_bytes);
    gzip = gzip.substr(head_bytes, gzip.size() - head_bytes - tail_bytes);
    const auto skip = [&](std::size_t bytes) {
        if (bytes > gzip.size())
            throw damaged();
        gzip.remove_prefix(bytes);
    };
    if (flags & has_extra) {
        if (gzip.size() < 2)
            throw damaged();
        skip(2 + static_cast<unsigned char>(gzip[0]) + 256 * static_cast<unsigned char>(gzip[1]));
    }
    for (const unsigned text : { has_name, has_comment })
        if (flags & text)
            skip(std::min(gzip.find('\0'), gzip.size()) + 1);
    if (flags & has_header_crc)
        skip(2);
    std::string content;
    try {
        content = inflate(gzip, largest);
    } catch (const Error&) {
        throw damaged();
    }
    std::uint32_t crc = 0;
    for (std::size_t i = 4; i-- > 0;)
        crc = crc << 8U | static_cast<unsigned char>(tail[i]);
    if (zip_crc32(content) != crc)
        throw damaged();
    return content;
}

/// The merges of a tokenizer.json, one a line.
std::string merges_of(const nlohmann::json& tokenizer, const std::string& name)
{
    const auto model = tokenizer.find("model");
    if (model == tokenizer.end() || !model->is_object()
        || model->value("type", nlohmann::json("BPE")) != "BPE" || !model->contains("merges")
        || !(*model)["merges"].is_array())
        throw Error(name + " is no tokenizer of byte pairs; choose the one of a CLIP.");
    std::string text;
    for (const auto& merge : (*model)["merges"]) {
        const bool pair
            = merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
        if (!pair && !merge.is_string())
            throw Error(name + " has a merge that is no pair of texts; choose the tokenizer of a CLIP.");
        text += pair ? merge[0].get<std::string>() + " " + merge[1].get<std::string>()
                     : merge.get<std::string>();
        text += '\n';
    }
    return text;
}

/// Ids follow from the merges; a vocabulary that gives others belongs to another tokenizer.
void check_ids(const nlohmann::json& tokenizer, const std::string& merges, const std::string& name)
{
    const auto& model = tokenizer["model"];
    if (!model.contains("vocab") || !model["vocab"].is_object())
        return;
    std::int64_t id = 512; // after the bytes, with and without the end of a word
    for (std::size_t at = 0; at < merges.size(); ++id) {
        const auto end = merges.find('\n', at), space = merges.find(' ', at);
        const auto token = merges.substr(at, space - at) + merges.substr(space + 1, end - space - 1);
        const auto found = model["vocab"].find(token);
        if (found == model["vocab"].end() || *found != id)
            throw Error(name + " numbers its tokens otherwise than CLIP; choose the tokenizer of a CLIP.");
        at = end + 1;
    }
}

} // namespace

Tokenizer read_vocabulary(const std::filesystem::path& path)
{
    const auto name = path.string();
    const MappedFile file(path);
    if (file.bytes().size() > largest)
        throw Error(name + " is too large for a vocabulary; choose another file.");
    std::string text(file.bytes());
    if (text.starts_with("\x1f\x8b"))
        text = gunzipped(file.bytes(), name);
    try {
        if (!text.starts_with('{'))
            return Tokenizer(text);
        const auto json = parse_json(text);
        if (!json.is_object())
            throw Error("it is not JSON.");
        const auto merges = merges_of(json, name);
        check_ids(json, merges, name);
        return Tokenizer(merges);
    } catch (const Error& e) {
        const std::string what = e.what();
        throw Error(what.starts_with(name) ? what : name + " holds no vocabulary of byte pairs: " + what);
    }
}

} // namespace reverie
