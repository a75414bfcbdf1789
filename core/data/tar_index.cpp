// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/data/caption_files.h"
#include "core/data/decode_picture.h"
#include "core/data/npy.h"
#include "core/data/picture_index.h"

#ifdef REVERIE_WITH_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>

namespace reverie {

#ifdef REVERIE_WITH_ARCHIVE

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t block = 512, longest_text = 1U << 16U, longest_json = 1U << 20U;

/// Members of a tar that share a key: everything before the first dot of the base name.
struct Sample {
    std::string picture; ///< the member's name
    std::uint64_t offset = 0, bytes = 0;
    std::string text, json_caption;
    bool is_endless = false; ///< its text is longer than any caption
};

std::pair<std::string, std::string> key_and_extension(const std::string& name)
{
    const auto slash = name.rfind('/');
    const auto dot = name.find('.', slash == std::string::npos ? 0 : slash + 1);
    if (dot == std::string::npos)
        return { name, "" };
    return { name.substr(0, dot), name.substr(dot + 1) };
}

std::string caption_in_json(const std::string& text)
{
    const auto object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (object.is_object())
        for (const char* key : { "caption", "text" })
            if (const auto found = object.find(key); found != object.end() && found->is_string())
                return clean_caption(found->get<std::string>());
    return {};
}

/// One tar, read from its start to its end without its pictures.
class TarScan
{
public:
    TarScan(const fs::path& path, std::vector<Flaw>& flaws)
        : path_(path)
        , flaws_(flaws)
        , archive_(archive_read_new(), archive_read_free)
        , file_bytes_(fs::file_size(path))
    {
        archive_read_support_format_tar(archive_.get());
        if (archive_read_open_filename(archive_.get(), path.c_str(), 1U << 16U) != ARCHIVE_OK)
            fail();
        scan();
    }

    std::map<std::string, Sample> samples; ///< by key

private:
    [[noreturn]] void fail() const
    {
        const char* reason = archive_error_string(archive_.get());
        throw Error(path_.string() + " can't be read as a tar (" + (reason ? reason : "it is empty")
                    + "); unpack it if it is compressed, or copy it again.");
    }

    void scan()
    {
        archive_entry* entry = nullptr;
        int status = ARCHIVE_OK;
        bool any = false;
        while (!cut_) {
            status = archive_read_next_header(archive_.get(), &entry);
            if (any && position() > header_)
                settle(position());
            if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
                break;
            any = true;
            header_ = position();
            const auto size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
            cut_ = cut_ || header_ + block + size > file_bytes_;
            const char* name = archive_entry_pathname(entry);
            name = name ? name : archive_entry_pathname_utf8(entry);
            if (!cut_ && archive_entry_filetype(entry) == AE_IFREG && name)
                take(name, size);
        }
        if (!any)
            fail();
        if (unsettled_)
            drop();
        if (cut_ || status != ARCHIVE_EOF || position() + block > file_bytes_)
            flaws_.push_back(
                { Flaw::Kind::damaged_file, -1,
                  path_.string()
                      + " is cut short; what is whole in it was used, copy it again for the rest." });
    }

    [[nodiscard]] std::uint64_t position() const
    {
        return static_cast<std::uint64_t>(archive_read_header_position(archive_.get()));
    }

    void take(const std::string& name, std::uint64_t size)
    {
        const auto [key, extension] = key_and_extension(name);
        if (extension == "txt") {
            auto& sample = samples[key];
            sample.is_endless = size > longest_text;
            sample.text = sample.is_endless ? std::string() : clean_caption(content(size));
        } else if (extension == "json") {
            samples[key].json_caption = size > longest_json ? std::string() : caption_in_json(content(size));
        } else if (is_picture_name(name)) {
            auto& sample = samples[key];
            sample.picture = name;
            sample.bytes = size;
            unsettled_ = &sample;
        }
    }

    /// A member's data lies in the last blocks before the next header, however long its own header is.
    void settle(std::uint64_t next_header)
    {
        if (!unsettled_)
            return;
        const auto blocks = (unsettled_->bytes + block - 1) / block * block;
        if (next_header >= header_ + block + blocks && next_header <= file_bytes_)
            unsettled_->offset = next_header - blocks;
        else // the file ends before
            drop();
        unsettled_ = nullptr;
    }

    void drop()
    {
        unsettled_->picture.clear();
        cut_ = true;
    }

    std::string content(std::uint64_t size)
    {
        std::string text(size, '\0');
        const auto got = archive_read_data(archive_.get(), text.data(), text.size());
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }

    fs::path path_;
    std::vector<Flaw>& flaws_;
    std::unique_ptr<archive, int (*)(archive*)> archive_;
    std::uint64_t file_bytes_, header_ = 0;
    bool cut_ = false;
    Sample* unsettled_ = nullptr;
};

/// The number at the end of "img_emb_0001" or of "00001".
std::optional<std::int64_t> trailing_number(const std::string& stem)
{
    const auto last = stem.find_last_not_of("0123456789");
    const auto begin = last == std::string::npos ? 0 : last + 1;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(stem.data() + begin, stem.data() + stem.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

/// `prefix`NNNN.npy of the tar's number, beside the tar or in a folder called `prefix`.
Tensor embeddings_beside(const fs::path& tar, const std::string& prefix, std::vector<Flaw>& flaws)
{
    const auto number = trailing_number(tar.stem().string());
    if (!number)
        return {};
    const auto parent = tar.has_parent_path() ? tar.parent_path() : fs::path(".");
    for (const auto& folder : { parent, parent / prefix }) {
        std::error_code error;
        for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
             at.increment(error)) {
            const auto stem = at->path().stem().string();
            if (at->path().extension() != ".npy" || !stem.starts_with(prefix + "_")
                || trailing_number(stem) != number)
                continue;
            try {
                return read_npy(at->path());
            } catch (const Error& damaged) {
                flaws.push_back({ Flaw::Kind::damaged_file, -1, damaged.what() });
            }
        }
    }
    return {};
}

/// What is left of a key after the tar's own number, or its last four digits.
std::int32_t embedding_row(const std::string& key, const std::string& tar)
{
    const auto name = key.substr(key.rfind('/') == std::string::npos ? 0 : key.rfind('/') + 1);
    const bool has_tar = name.size() > tar.size() && name.starts_with(tar);
    constexpr std::size_t index_width = 4;
    const auto digits
        = has_tar ? name.substr(tar.size()) : name.substr(name.size() - std::min(name.size(), index_width));
    const auto row = trailing_number(digits);
    return row && *row <= INT32_MAX ? static_cast<std::int32_t>(*row) : -1;
}

void add_tar(const fs::path& path, PictureIndex& index)
{
    TarScan scan(path, index.flaws);
    const auto tar = static_cast<std::int32_t>(index.tars.size());
    index.tars.push_back(path);
    index.image_embeds.push_back(embeddings_beside(path, "img_emb", index.flaws));
    index.text_embeds.push_back(embeddings_beside(path, "text_emb", index.flaws));
    for (auto& [key, sample] : scan.samples) {
        if (sample.picture.empty())
            continue;
        PictureEntry entry;
        entry.name = sample.picture;
        entry.caption = !sample.text.empty() ? std::move(sample.text) : std::move(sample.json_caption);
        entry.offset = sample.offset;
        entry.bytes = sample.bytes;
        entry.tar = tar;
        entry.embed = embedding_row(key, path.stem().string());
        if (sample.is_endless && entry.caption.empty())
            index.flaws.push_back({ Flaw::Kind::no_caption, std::int64_t(index.entries.size()),
                                    path.string() + "/" + key
                                        + ".txt is longer than 64 KiB, which no caption is; shorten it." });
        index.entries.push_back(std::move(entry));
    }
}

} // namespace

PictureIndex index_tars(const std::vector<fs::path>& tars)
{
    PictureIndex index;
    for (const auto& path : tars) {
        std::error_code error;
        if (!fs::is_regular_file(path, error))
            throw Error(path.string() + " does not exist or is no file; check the path.");
        try {
            add_tar(path, index);
        } catch (const Error& damaged) {
            index.flaws.push_back({ Flaw::Kind::damaged_file, -1, damaged.what() });
        }
    }
    if (index.entries.empty())
        throw Error(index.flaws.empty()
                        ? "There is no picture in " + tars[0].string() + "; choose another tar."
                        : index.flaws[0].sentence);
    index.description = std::to_string(index.tars.size()) + (index.tars.size() == 1 ? " tar" : " tars")
        + " of pictures with captions, the first being " + tars[0].string() + ".";
    return index;
}

#else

PictureIndex index_tars(const std::vector<std::filesystem::path>&)
{
    throw Error(
        "This build of Reverie can't read tars, because it was made without libarchive; unpack them into a "
        "folder, or pack them elsewhere with \"dream dataset pack\".");
}

#endif

} // namespace reverie
