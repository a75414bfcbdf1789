// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/data/caption_files.h"
#include "core/data/decode_picture.h"
#include "core/data/picture_index.h"

#include <algorithm>
#include <map>
#include <set>
#include <sys/stat.h>

namespace reverie {

namespace {

namespace fs = std::filesystem;

bool is_test_folder(const std::string& name)
{
    return name == "test" || name == "val" || name == "validation";
}

std::string stem_of(const std::string& name)
{
    const auto slash = name.rfind('/'), dot = name.rfind('.');
    return dot == std::string::npos || (slash != std::string::npos && dot < slash) ? name
                                                                                   : name.substr(0, dot);
}

/// All files below a folder that matter, by their paths below it.
class Walk
{
public:
    explicit Walk(const fs::path& root) { visit(root, ""); }

    std::map<std::string, std::uint64_t> pictures; ///< bytes by path
    std::set<std::string> texts; ///< paths without .txt
    std::vector<std::string> tables; ///< metadata.jsonl and metadata.csv
    std::vector<Flaw> flaws;

private:
    void visit(const fs::path& folder, const std::string& prefix)
    {
        struct stat status {
        };
        if (stat(folder.c_str(), &status) != 0 || !seen_.insert({ status.st_dev, status.st_ino }).second)
            return; // gone, or a link to where we have been
        std::error_code error;
        std::vector<fs::directory_entry> entries;
        for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
             at.increment(error))
            entries.push_back(*at);
        if (error)
            flaws.push_back({ Flaw::Kind::damaged_file, -1,
                              folder.string() + " can't be read (" + error.message()
                                  + "); its pictures were left out." });
        std::sort(entries.begin(), entries.end());
        for (const auto& entry : entries)
            if (const auto name = entry.path().filename().string(); !name.starts_with('.'))
                take(entry.path(), prefix + name, name);
    }

    void take(const fs::path& path, const std::string& below, const std::string& name)
    {
        struct stat status {
        };
        if (stat(path.c_str(), &status) != 0) {
            if (is_picture_name(name))
                flaws.push_back({ Flaw::Kind::unreadable, -1,
                                  path.string() + " leads nowhere; mend or remove the link." });
            return;
        }
        if (S_ISDIR(status.st_mode))
            return visit(path, below + "/");
        if (!S_ISREG(status.st_mode))
            return;
        if (name == "metadata.jsonl" || name == "metadata.csv")
            tables.push_back(below);
        else if (is_picture_name(name))
            pictures[below] = static_cast<std::uint64_t>(status.st_size);
        else if (name.ends_with(".txt"))
            texts.insert(stem_of(below));
    }

    std::set<std::pair<dev_t, ino_t>> seen_;
};

PictureEntry entry_of(const std::string& name, std::uint64_t bytes, std::string caption)
{
    PictureEntry entry;
    entry.name = name;
    entry.caption = std::move(caption);
    entry.bytes = bytes;
    fs::path folders = fs::path(name).parent_path();
    entry.test = std::any_of(folders.begin(), folders.end(),
                             [](const fs::path& folder) { return is_test_folder(folder.string()); });
    return entry;
}

/// Entries of one table of captions, in its order; a picture may be in several lines.
void add_table(const fs::path& root, const std::string& table, const Walk& walk, PictureIndex& index)
{
    const auto place = table.substr(0, table.rfind('/') == std::string::npos ? 0 : table.rfind('/') + 1);
    std::int64_t number = 0;
    for (auto& [file, caption] : read_caption_table(root / table, index.flaws)) {
        ++number;
        const auto name = (fs::path(place) / file).lexically_normal().string();
        const auto found = walk.pictures.find(name);
        if (found != walk.pictures.end())
            index.entries.push_back(entry_of(name, found->second, std::move(caption)));
        else
            index.flaws.push_back({ Flaw::Kind::unreadable, -1,
                                    (root / table).string() + ", entry " + std::to_string(number)
                                        + ", names \"" + clean_caption(file)
                                        + "\", which is no picture in this folder." });
    }
}

std::string caption_beside(const fs::path& root, const std::string& name, const Walk& walk, std::int64_t row,
                           std::vector<Flaw>& flaws)
{
    if (walk.texts.empty())
        return caption_of_name(fs::path(name).filename().string());
    const auto stem = stem_of(name);
    if (!walk.texts.contains(stem))
        return {};
    try {
        return read_caption(root / (stem + ".txt"));
    } catch (const Error& error) {
        flaws.push_back({ Flaw::Kind::no_caption, row, error.what() });
        return {};
    }
}

} // namespace

PictureIndex index_folder(const fs::path& folder)
{
    std::error_code error;
    fs::directory_iterator probe(folder, error);
    if (error)
        throw Error("The folder " + folder.string() + " can't be read (" + error.message()
                    + "); choose one you have access to.");
    Walk walk(folder);
    PictureIndex index;
    index.folder = folder;
    index.flaws = std::move(walk.flaws);
    for (const auto& table : walk.tables)
        add_table(folder, table, walk, index);
    if (walk.tables.empty())
        for (const auto& [name, bytes] : walk.pictures)
            index.entries.push_back(entry_of(
                name, bytes,
                caption_beside(folder, name, walk, std::int64_t(index.entries.size()), index.flaws)));
    if (index.entries.empty())
        throw Error(index.flaws.empty() ? "There is no JPEG, PNG, WebP, GIF or BMP picture in "
                            + folder.string() + "; choose another folder."
                                        : "No picture in " + folder.string()
                            + " can be used; the first of what is wrong: " + index.flaws[0].sentence);
    index.description = "Pictures in " + folder.string() + " with captions from "
        + (!walk.tables.empty()     ? "the metadata file."
               : walk.texts.empty() ? "their file names."
                                    : "the text files beside them.");
    return index;
}

} // namespace reverie
