// SPDX-License-Identifier: MIT
#include "core/models/dalle2.h"

#include <torch/torch.h>

namespace reverie {

Tensor sample_dalle2(DiffusionPriorImpl& prior, DecoderImpl& decoder, Clip& clip, const Tensor& text,
                     const Dalle2Sampling& sampling, const Dalle2Noise& noise)
{
    torch::NoGradGuard no_grad;
    const auto embeds = prior.sample_text(text, sampling.prior_num_samples, sampling.prior, noise.prior(),
                                          sampling.on_prior_step, sampling.decoder.stop);
    if (sampling.decoder.stop.stop_requested())
        return {};
    if (sampling.on_prior)
        sampling.on_prior(embeds);
    DecoderCondition condition{ embeds.image_embed, {} };
    if (decoder.reads_text())
        condition.text_encodings = clip.embed_text(text).text_encodings;
    return decoder.sample(text.size(0), condition, sampling.decoder, noise.decoder);
}

} // namespace reverie
