// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/decoder_stage.h"

namespace reverie {

/// The part of a picture that stays as it is while a decoder draws the rest, at the size of one stage.
class KeptPart
{
public:
    /// image (b or 1, c, h, w) in the pictures' range; mask bool (b or 1, h, w), true keeps a pixel. Both are
    /// resized to the stage by nearest neighbour.
    KeptPart(DecoderStage& stage, const Tensor& image, const Tensor& mask);

    /// What the stage's sampler has to keep of x. A latent counts as known if all its pixels are.
    [[nodiscard]] Repaint repaint(std::int64_t resample_times, Noise& noise) const;

    /// A drawn picture with the kept pixels exactly as given.
    [[nodiscard]] Tensor pasted(const Tensor& image) const;

private:
    DecoderStage& stage_;
    Tensor image_; ///< (b or 1, c, size, size)
    Tensor keep_; ///< bool (b or 1, 1, size, size)
};

/// Throws UsageError unless there are both a picture and a mask, of shapes that go together and with `batch`.
void check_inpainting(const Tensor& image, const Tensor& mask, std::int64_t channels, std::int64_t batch);

} // namespace reverie
