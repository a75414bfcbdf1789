// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/loader.h"
#include "core/data/tokenizer.h"
#include "core/diffusion/noise.h"
#include "core/models/clip.h"
#include "core/train/batch_order.h"
#include "core/train/training_config.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace reverie {

/// A data set made ready for one device, with what a trained CLIP and prior make of each of its n rows.
struct Corpus {
    Corpus(const Dataset& dataset, const Tokenizer& tokenizer, const Clip& clip,
           const CaptionOptions& options, at::Device device);

    /// Token ids (b, text_length) of the captions, some of them in a sentence.
    [[nodiscard]] at::Tensor captions(const Rows& rows, Noise& noise) const;
    /// captions() may differ from one call to the next.
    [[nodiscard]] bool captions_vary() const { return options.share > 0; }

    /// (b, 3, size, size) in [0, 1].
    [[nodiscard]] at::Tensor pictures(const Rows& rows) const;
    /// The same for rows of `batch`, in the views that were drawn for it.
    [[nodiscard]] at::Tensor training_pictures(const Rows& rows) const;
    /// Rows of any of the tables below.
    [[nodiscard]] at::Tensor take(const at::Tensor& table, const Rows& rows) const;
    /// Fills the three embeddings; with `given`, from those that came with the data set, where it has some.
    /// Throws Error if they are of another CLIP.
    void embed(Clip& clip, bool given = false);
    /// They will be made anew.
    void forget_embeddings();
    /// Moves all tables.
    void to(at::Device other);

    const Dataset& dataset;
    const Tokenizer& tokenizer;
    TextFrame frame; ///< of the CLIP that reads the captions
    CaptionOptions options;
    at::Device device;
    Batch batch; ///< what is being trained on
    at::Tensor ids; ///< int64 (n, text_length), 0 is padding
    at::Tensor text_embed; ///< (n, d)
    at::Tensor text_encodings; ///< (n, text_length, dim_text)
    at::Tensor image_embed; ///< (n, d)
    at::Tensor prior_embed; ///< (n, k, d): image embeddings that the prior drew for each caption
};

} // namespace reverie
