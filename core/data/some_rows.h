// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

namespace reverie {

/// A few rows of another data set as one of their own.
class SomeRows : public Dataset
{
public:
    /// `all` must outlive it.
    SomeRows(const Dataset& all, const Rows& train, const Rows& test);

    [[nodiscard]] const std::vector<std::string>& captions() const override { return captions_; }
    [[nodiscard]] const Rows& train() const override { return train_; }
    [[nodiscard]] const Rows& test() const override { return test_; }
    [[nodiscard]] const std::string& description() const override { return all_.description(); }
    [[nodiscard]] int native_size() const override { return all_.native_size(); }
    [[nodiscard]] Image picture(std::int64_t row, int enough) const override;
    [[nodiscard]] std::string name(std::int64_t row) const override { return all_.name(original(row)); }
    [[nodiscard]] Tensor image_embeds(const Rows& rows) const override;
    [[nodiscard]] Tensor text_embeds(const Rows& rows) const override;
    [[nodiscard]] bool has_pictures() const override { return all_.has_pictures(); }

private:
    [[nodiscard]] std::int64_t original(std::int64_t row) const { return originals_.at(std::size_t(row)); }
    [[nodiscard]] Rows originals(const Rows& rows) const;

    const Dataset& all_;
    Rows originals_, train_, test_;
    std::vector<std::string> captions_;
};

} // namespace reverie
