// SPDX-License-Identifier: MIT
#include "core/data/embedding_dataset.h"

#include "core/base/error.h"
#include "core/base/text_key.h"
#include "core/data/caption_files.h"
#include "core/data/npy.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace reverie {

namespace {

namespace fs = std::filesystem;

/// Files called <anything>NNN<extension>, by NNN.
std::map<std::int64_t, fs::path> numbered_files(const fs::path& folder, const std::string& extension)
{
    std::map<std::int64_t, fs::path> files;
    std::error_code error;
    for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
         at.increment(error)) {
        const auto stem = at->path().stem().string();
        const auto last = stem.find_last_not_of("0123456789");
        const auto begin = last == std::string::npos ? 0 : last + 1;
        std::int64_t number = 0;
        if (at->path().extension() == extension
            && std::from_chars(stem.data() + begin, stem.data() + stem.size(), number).ec == std::errc())
            files[number] = at->path();
    }
    return files;
}

void check_count(const fs::path& path, std::int64_t count, const fs::path& images, std::int64_t expected)
{
    if (count != expected)
        throw Error(path.string() + " has " + std::to_string(count) + " rows and " + images.string() + " has "
                    + std::to_string(expected) + "; compute them together.");
}

class EmbeddingDataset : public Dataset
{
public:
    explicit EmbeddingDataset(const fs::path& folder)
        : Dataset(0)
        , description_("Embeddings without pictures in " + folder.string() + ".")
    {
        const auto images = numbered_files(folder / "img_emb", ".npy");
        const auto texts = numbered_files(folder / "text_emb", ".npy");
        auto tables = numbered_files(folder / "metadata", ".jsonl");
        tables.merge(numbered_files(folder / "metadata", ".csv"));
        for (const auto& [number, path] : images) {
            image_.push_back(read_npy(path));
            const auto count = image_.back().size(0);
            first_.push_back(std::int64_t(captions_.size()));
            if (const auto text = texts.find(number); text != texts.end()) {
                text_.push_back(read_npy(text->second));
                check_count(text->second, text_.back().size(0), path, count);
            }
            if (const auto table = tables.find(number); table != tables.end()) {
                const auto lines = read_caption_table(table->second, flaws_);
                check_count(table->second, std::int64_t(lines.size()), path, count);
                for (const auto& line : lines)
                    captions_.push_back(line.caption);
            }
            captions_.resize(std::size_t(first_.back() + count));
        }
        if (!text_.empty() && text_.size() != image_.size())
            throw Error(folder.string() + " has " + std::to_string(image_.size())
                        + " files of image embeddings and " + std::to_string(text_.size())
                        + " of text embeddings; compute them together.");
        if (tables.empty() && !numbered_files(folder / "metadata", ".parquet").empty())
            flaws_.push_back(
                { Flaw::Kind::damaged_file, -1,
                  (folder / "metadata").string()
                      + " holds .parquet files, which can't be read; convert them to metadata_0.jsonl "
                        "and so on to have captions." });
        constexpr std::uint64_t held_out = 20;
        for (std::int64_t row = 0; row < std::int64_t(captions_.size()); ++row)
            (text_key(std::to_string(row)) % held_out == 0 ? test_ : train_).push_back(row);
    }

    [[nodiscard]] const std::vector<std::string>& captions() const override { return captions_; }
    [[nodiscard]] const Rows& train() const override { return train_; }
    [[nodiscard]] const Rows& test() const override { return test_; }
    [[nodiscard]] const std::string& description() const override { return description_; }
    [[nodiscard]] int native_size() const override { return 0; }
    [[nodiscard]] bool has_pictures() const override { return false; }
    [[nodiscard]] const std::vector<Flaw>& flaws() const override { return flaws_; }
    [[nodiscard]] Image picture(std::int64_t, int) const override
    {
        throw Error(
            "A folder of embeddings has no pictures; train the prior from it, and the other parts from "
            "pictures.");
    }
    [[nodiscard]] Tensor image_embeds(const Rows& rows) const override { return take(image_, rows); }
    [[nodiscard]] Tensor text_embeds(const Rows& rows) const override { return take(text_, rows); }

private:
    [[nodiscard]] Tensor take(const std::vector<Tensor>& tables, const Rows& rows) const
    {
        if (tables.empty())
            return {};
        if (rows.empty())
            return at::empty({ 0 });
        std::vector<Tensor> found;
        for (const auto row : rows) {
            const auto table
                = std::size_t(std::upper_bound(first_.begin(), first_.end(), row) - first_.begin() - 1);
            found.push_back(tables[table][row - first_[table]].to(at::kFloat));
        }
        return at::stack(found);
    }

    std::string description_;
    std::vector<std::string> captions_;
    std::vector<Tensor> image_, text_; ///< (n_i, d)
    Rows first_, train_, test_; ///< first_: the first row of each table
    std::vector<Flaw> flaws_;
};

} // namespace

bool is_embedding_folder(const fs::path& folder)
{
    return !numbered_files(folder / "img_emb", ".npy").empty();
}

std::unique_ptr<Dataset> open_embedding_folder(const fs::path& folder)
{
    return std::make_unique<EmbeddingDataset>(folder);
}

} // namespace reverie
