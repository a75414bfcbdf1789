// SPDX-License-Identifier: MIT
#include "core/models/clip.h"

#include "core/base/error.h"
#include "core/nn/resize.h"

namespace reverie {

Tensor Clip::resized(const Tensor& image) const
{
    if (image.size(-1) < image_size())
        throw UsageError("CLIP needs pictures of at least " + std::to_string(image_size())
                         + " pixels a side, not " + std::to_string(image.size(-1)) + ".");
    return resize_cubic(image, image_size());
}

} // namespace reverie
