// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"
#include "core/base/picture_options.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace reverie {

using at::Tensor;
using Rows = std::vector<std::int64_t>; ///< indices into a data set

/// Something that is wrong with a data set without keeping the rest of it from being used.
struct Flaw {
    enum class Kind { unreadable, tiny, duplicate, near_duplicate, no_caption, damaged_file };
    Kind kind;
    std::int64_t row; ///< -1: it belongs to no row
    std::string sentence; ///< names the picture or the file
    std::int64_t other = -1; ///< the row that a duplicate repeats
};

/// Captioned pictures, by row. Training never sees those of the test split, nor rows that are in neither.
class Dataset
{
public:
    /// pictures() makes squares of `size` pixels a side.
    explicit Dataset(int size, PictureOptions options = {});
    virtual ~Dataset() = default;
    Dataset(const Dataset&) = delete;
    Dataset& operator=(const Dataset&) = delete;

    [[nodiscard]] virtual const std::vector<std::string>& captions() const = 0; ///< "" where there is none
    [[nodiscard]] virtual const Rows& train() const = 0; ///< ascending
    [[nodiscard]] virtual const Rows& test() const = 0; ///< ascending
    [[nodiscard]] virtual const std::string& description() const = 0;
    [[nodiscard]] virtual int native_size() const = 0; ///< pixels a side before scaling; 0 if they differ

    /// The picture of a row as it was made or stored: upright, opaque, with a shorter side of at least
    /// `enough` pixels if it has as many (0: all it has). From any thread. Throws Error if it can't be read.
    [[nodiscard]] virtual Image picture(std::int64_t row, int enough) const = 0;
    /// What a person knows the row by: the path of its picture.
    [[nodiscard]] virtual std::string name(std::int64_t row) const;
    /// What was found wrong when the data set was opened; nothing is decoded for that.
    [[nodiscard]] virtual const std::vector<Flaw>& flaws() const;
    /// Embeddings (b, d) that came with the pictures, as float32; undefined without any.
    [[nodiscard]] virtual Tensor image_embeds(const Rows&) const { return {}; }
    [[nodiscard]] virtual Tensor text_embeds(const Rows&) const { return {}; }
    [[nodiscard]] bool has_image_embeds() const { return image_embeds({}).defined(); }
    [[nodiscard]] bool has_text_embeds() const { return text_embeds({}).defined(); }
    [[nodiscard]] virtual bool has_pictures() const { return true; }

    /// Draws one row into uint8 (3, size, size): the same view each time, or with a key one of the views that
    /// the options allow. From any thread. Throws Error if the picture can't be read.
    void draw(std::int64_t row, std::uint8_t* planes) const;
    void draw(std::int64_t row, std::uint64_t key, std::uint8_t* planes) const;
    /// The pictures of `rows` as uint8 (b, 3, size, size), always the same view; black where one can't be
    /// read.
    [[nodiscard]] Tensor pictures(const Rows& rows) const;

    [[nodiscard]] int size() const { return size_; }
    [[nodiscard]] const PictureOptions& options() const { return options_; }

private:
    [[nodiscard]] int enough() const;

    int size_;
    PictureOptions options_;
};

/// "unreadable", "tiny", "duplicate", "near duplicate", "no caption", "damaged file".
std::string kind_name(Flaw::Kind kind);

} // namespace reverie
