// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/picture_index.h"

#include <set>

namespace reverie {

/// Pictures that stay in their files and are decoded when they are asked for.
class PictureDataset : public Dataset
{
public:
    /// Rows are the entries. Those without a caption or without bytes, and copies of others (same content and
    /// same caption), are in neither split. Where nothing is marked as test and there are at least 100
    /// pictures, a twentieth is held out, chosen by name. Throws Error if this build can't decode pictures.
    PictureDataset(PictureIndex index, int size, PictureOptions options);

    [[nodiscard]] const std::vector<std::string>& captions() const override { return captions_; }
    [[nodiscard]] const Rows& train() const override { return train_; }
    [[nodiscard]] const Rows& test() const override { return test_; }
    [[nodiscard]] const std::string& description() const override { return index_.description; }
    [[nodiscard]] int native_size() const override { return 0; }
    [[nodiscard]] Image picture(std::int64_t row, int enough) const override;
    [[nodiscard]] std::string name(std::int64_t row) const override;
    [[nodiscard]] const std::vector<Flaw>& flaws() const override { return index_.flaws; }
    [[nodiscard]] Tensor image_embeds(const Rows& rows) const override;
    [[nodiscard]] Tensor text_embeds(const Rows& rows) const override;

private:
    [[nodiscard]] bool is_usable(std::int64_t row);
    void find_copies();
    void find_missing_embeddings();
    void split(const Rows& usable);
    [[nodiscard]] Tensor embeds(const std::vector<Tensor>& tables, const Rows& rows) const;

    PictureIndex index_;
    std::vector<std::string> captions_;
    std::vector<bool> is_copy_;
    std::set<std::int64_t> told_; ///< rows whose caption was found wanting already
    Rows train_, test_;
    std::array<std::uint8_t, 3> background_;
};

} // namespace reverie
