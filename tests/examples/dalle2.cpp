// SPDX-License-Identifier: MIT
// DALL-E 2: a CLIP, a prior and a decoder, each trained, put together to draw from words.
#include "core/models/dalle2.h"
#include "core/models/x_clip.h"
#include "tests/examples/print.h"

#include <torch/torch.h>

using namespace reverie;

int main()
{
    const auto tokenizer = Tokenizer::train({ "a slice of pizza", "a red heart", "a cat with a hat" }, 520);
    XClip clip(XClipOptions{ .dim_text = 32,
                             .dim_image = 32,
                             .dim_latent = 32,
                             .num_text_tokens = std::int64_t(tokenizer.vocab_size()),
                             .text_enc_depth = 1,
                             .text_seq_len = 16,
                             .visual_enc_depth = 1,
                             .visual_image_size = 16,
                             .visual_patch_size = 8 });
    PriorNetwork network(
        PriorNetworkOptions{ .dim = 32, .max_text_len = 16, .depth = 2, .dim_head = 16, .heads = 2 });
    DiffusionPrior prior(DiffusionPriorOptions{ .timesteps = 50, .cond_drop_prob = 0.2 }, network,
                         clip.ptr());
    const UnetOptions unet1{ .dim = 16, .image_embed_dim = 32, .cond_dim = 16, .dim_mults = { 1, 2 } };
    const UnetOptions unet2{ .dim = 8, .image_embed_dim = 32, .cond_dim = 16, .dim_mults = { 1, 2, 4 } };
    Decoder decoder(DecoderOptions{ .image_sizes = { 16, 32 }, .timesteps = 50 }, std::vector{ unet1, unet2 },
                    clip.ptr());

    Dalle2 dalle2(clip.ptr(), prior, decoder, tokenizer);
    Dalle2Sampling sampling;
    sampling.prior_num_samples = 2; // candidates of the prior for each text
    sampling.decoder.cond_scale = 2; // guidance
    print("pictures", dalle2.sample({ "a slice of pizza", "a cat with a heart" }, sampling, /*seed=*/7));

    // Or of token ids.
    print("picture", dalle2.sample(torch::randint(1, 500, { 1, 16 }), sampling));
}
