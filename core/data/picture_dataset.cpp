// SPDX-License-Identifier: MIT
#include "core/data/picture_dataset.h"

#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/base/text_key.h"
#include "core/data/decode_picture.h"
#include "core/data/view.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

namespace reverie {

namespace {

constexpr int smallest_side = 32; ///< nothing is learned from less, unless the model draws less

bool is_given(const std::vector<Tensor>& tables)
{
    return std::any_of(tables.begin(), tables.end(), [](const auto& table) { return table.defined(); });
}

bool has_embed(const std::vector<Tensor>& tables, const PictureEntry& entry)
{
    const auto& table = tables.at(std::size_t(entry.tar));
    return table.defined() && entry.embed >= 0 && entry.embed < table.size(0);
}

} // namespace

PictureDataset::PictureDataset(PictureIndex index, int size, PictureOptions options)
    : Dataset(size, std::move(options))
    , index_(std::move(index))
    , background_(parse_colour(Dataset::options().background))
{
    need_picture_decoder();
    for (auto& entry : index_.entries)
        captions_.push_back(std::move(entry.caption));
    find_copies();
    find_missing_embeddings();
    for (const auto& flaw : index_.flaws)
        if (flaw.kind == Flaw::Kind::no_caption)
            told_.insert(flaw.row);
    Rows usable;
    for (std::int64_t row = 0; row < std::int64_t(captions_.size()); ++row)
        if (is_usable(row))
            usable.push_back(row);
    split(usable);
}

bool PictureDataset::is_usable(std::int64_t row)
{
    const auto& entry = index_.entries[std::size_t(row)];
    if (entry.bytes == 0)
        index_.flaws.push_back(
            { Flaw::Kind::unreadable, row, name(row) + " is empty; copy it again or remove it." });
    if (captions_[std::size_t(row)].empty() && !told_.contains(row))
        index_.flaws.push_back(
            { Flaw::Kind::no_caption, row,
              name(row) + " has no caption; write one into a .txt file of the same name." });
    for (const auto* tables : { &index_.image_embeds, &index_.text_embeds })
        if (is_given(*tables) && !has_embed(*tables, entry)) {
            if (tables->at(std::size_t(entry.tar)).defined()) // else the whole tar lacks them
                index_.flaws.push_back(
                    { Flaw::Kind::damaged_file, row,
                      name(row) + " has no embedding; compute them again, or move the .npy files away." });
            return false;
        }
    return entry.bytes > 0 && !captions_[std::size_t(row)].empty() && !is_copy_[std::size_t(row)];
}

/// Says once of a whole tar that it has none beside it where others have.
void PictureDataset::find_missing_embeddings()
{
    for (const auto* tables : { &index_.image_embeds, &index_.text_embeds })
        for (std::size_t tar = 0; is_given(*tables) && tar < tables->size(); ++tar)
            if (!(*tables)[tar].defined())
                index_.flaws.push_back({ Flaw::Kind::damaged_file, -1,
                                         index_.tars[tar].string() + " has no "
                                             + (tables == &index_.image_embeds ? "img_emb" : "text_emb")
                                             + "_*.npy of its number, as other tars have, and was left out; "
                                               "compute it, or move the "
                                               "other .npy files away." });
}

/// Only files of the same size and caption are read for that.
void PictureDataset::find_copies()
{
    is_copy_.assign(captions_.size(), false);
    std::map<std::pair<std::uint64_t, std::string_view>, Rows> alike;
    for (std::size_t row = 0; row < captions_.size(); ++row)
        if (!captions_[row].empty() && index_.entries[row].bytes > 0)
            alike[{ index_.entries[row].bytes, captions_[row] }].push_back(std::int64_t(row));
    for (const auto& [key, rows] : alike) {
        std::map<std::string, std::int64_t> first;
        for (std::size_t i = 0; rows.size() > 1 && i < rows.size(); ++i) {
            Sha256 hash;
            try {
                hash.update(read_entry(index_, index_.entries[std::size_t(rows[i])]));
            } catch (const Error&) {
                continue; // reported when it is asked for
            }
            const auto [original, is_new] = first.emplace(hash.hex(), rows[i]);
            if (is_new)
                continue;
            is_copy_[std::size_t(rows[i])] = true;
            index_.flaws.push_back({ Flaw::Kind::duplicate, rows[i],
                                     name(rows[i]) + " is a copy of " + name(original->second)
                                         + " with the same caption; remove one of them.",
                                     original->second });
        }
    }
}

void PictureDataset::split(const Rows& usable)
{
    constexpr std::size_t enough_to_hold_some_out = 100;
    constexpr std::uint64_t held_out = 20; // one in so many
    const auto& entries = index_.entries;
    const bool is_marked
        = std::any_of(entries.begin(), entries.end(), [](const auto& entry) { return entry.test; });
    for (const auto row : usable) {
        const auto& entry = entries[std::size_t(row)];
        const bool is_test = is_marked
            ? entry.test
            : usable.size() >= enough_to_hold_some_out && text_key(entry.name) % held_out == 0;
        (is_test ? test_ : train_).push_back(row);
    }
}

std::string PictureDataset::name(std::int64_t row) const
{
    return entry_name(index_, index_.entries.at(std::size_t(row)));
}

Image PictureDataset::picture(std::int64_t row, int enough) const
{
    auto image = decode_picture(read_entry(index_, index_.entries.at(std::size_t(row))), name(row),
                                background_, enough);
    const int least = std::min(smallest_side, size());
    if (enough > 0 && std::min(image.width, image.height) < least)
        throw Error(name(row) + " is only " + std::to_string(image.width) + " x "
                    + std::to_string(image.height) + " pixels; replace it with a larger one or remove it.");
    return image;
}

Tensor PictureDataset::image_embeds(const Rows& rows) const
{
    return embeds(index_.image_embeds, rows);
}

Tensor PictureDataset::text_embeds(const Rows& rows) const
{
    return embeds(index_.text_embeds, rows);
}

/// Zeros for a row without one, which is in no split.
Tensor PictureDataset::embeds(const std::vector<Tensor>& tables, const Rows& rows) const
{
    const auto some
        = std::find_if(tables.begin(), tables.end(), [](const auto& table) { return table.defined(); });
    if (some == tables.end())
        return {};
    auto found = at::zeros({ std::int64_t(rows.size()), some->size(1) });
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (const auto& entry = index_.entries.at(std::size_t(rows[i])); has_embed(tables, entry))
            found[std::int64_t(i)].copy_(tables[std::size_t(entry.tar)][entry.embed]);
    return found;
}

} // namespace reverie
