// SPDX-License-Identifier: MIT
#include "core/models/clip.h"

#include "core/base/error.h"
#include "core/nn/resize.h"

#include <torch/torch.h>

namespace reverie {

EmbeddedText Clip::embed_empty_text(std::int64_t batch)
{
    std::vector<std::int64_t> ids(static_cast<std::size_t>(max_text_len()), 0);
    const auto frame = text_frame();
    std::size_t next = 0;
    for (const auto& id : { frame.start, frame.end })
        if (id && next < ids.size())
            ids[next++] = *id;
    const auto text = torch::tensor(ids, torch::kInt64).to(parameters().front().device()).unsqueeze(0);
    const auto embedded = embed_text(text);
    return { embedded.text_embed.expand({ batch, -1 }), embedded.text_encodings.expand({ batch, -1, -1 }) };
}

Tensor Clip::resized(const Tensor& image) const
{
    if (image.size(-1) < image_size())
        throw UsageError("CLIP needs pictures of at least " + std::to_string(image_size())
                         + " pixels a side, not " + std::to_string(image.size(-1)) + ".");
    return resize_cubic(image, image_size());
}

} // namespace reverie
