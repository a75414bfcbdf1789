// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"

#include <torch/nn/module.h>

#include <cstdint>
#include <optional>

namespace reverie {

using torch::Tensor;

struct EmbeddedText {
    Tensor text_embed; ///< (b, dim_latent), unit length unless the model says otherwise
    Tensor text_encodings; ///< (b, n, dim_text); rows of padding are zero
};

struct EmbeddedImage {
    Tensor image_embed; ///< (b, dim_latent), unit length unless the model says otherwise
    Tensor image_encodings; ///< (b, m, dim_image); undefined where the model gives none
};

/// The ids a model wants before and after the tokens of a text.
struct TextFrame {
    std::optional<std::int64_t> start, end;
};

/// What a prior and a decoder need of a CLIP, whichever it is.
class Clip : public torch::nn::Module
{
public:
    [[nodiscard]] virtual std::int64_t dim_latent() const = 0;
    [[nodiscard]] virtual std::int64_t dim_text() const = 0; ///< width of the text encodings
    [[nodiscard]] virtual std::int64_t image_size() const = 0;
    [[nodiscard]] virtual std::int64_t image_channels() const = 0;
    [[nodiscard]] virtual std::int64_t max_text_len() const = 0;
    [[nodiscard]] virtual std::int64_t num_text_tokens() const = 0; ///< ids are below it
    [[nodiscard]] virtual TextFrame text_frame() const { return {}; }

    /// ids int64 (b, n), 0 is padding; cut to max_text_len(). A text has its frame, see text_frame().
    virtual EmbeddedText embed_text(const Tensor& text) = 0;
    /// The text "" `batch` times, ids padded to max_text_len().
    [[nodiscard]] EmbeddedText embed_empty_text(std::int64_t batch);
    /// image (b, c, h, w) in [0, 1], at least image_size() a side; resized if larger. In training mode
    /// `noise` drops patches where the model does that; without it none are dropped.
    virtual EmbeddedImage embed_image(const Tensor& image, Noise* noise = nullptr) = 0;

protected:
    /// A picture at image_size(). Throws UsageError for a smaller one.
    [[nodiscard]] Tensor resized(const Tensor& image) const;
};

} // namespace reverie
