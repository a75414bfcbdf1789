// SPDX-License-Identifier: MIT
// A decoder of one U-Net, from the image embeddings of a trained CLIP to pixels.
#include "core/models/decoder.h"
#include "core/models/x_clip.h"
#include "tests/examples/print.h"

#include <torch/torch.h>

using namespace reverie;

int main()
{
    XClip clip(XClipOptions{ .dim_text = 32,
                             .dim_image = 32,
                             .dim_latent = 32,
                             .num_text_tokens = 1000,
                             .text_enc_depth = 1,
                             .visual_enc_depth = 1,
                             .visual_image_size = 32,
                             .visual_patch_size = 8 });

    const UnetOptions unet{ .dim = 16, .image_embed_dim = 32, .cond_dim = 16, .dim_mults = { 1, 2 } };
    Decoder decoder(
        DecoderOptions{ .timesteps = 100, .image_cond_drop_prob = 0.1, .text_cond_drop_prob = 0.5 },
        std::vector{ unet }, clip.ptr());

    // The pictures' embeddings come from CLIP.
    const auto images = torch::rand({ 4, 3, 32, 32 });
    KeyedNoise noise({ 0, 1, 2, 3 });
    const auto loss = decoder->loss(images, /*unet_number=*/1, {}, noise).loss;
    loss.backward();
    print("loss", loss);

    // Do the above for many batches, then draw pictures from embeddings.
    decoder->eval();
    const auto image_embed = torch::nn::functional::normalize(torch::randn({ 2, 32 }));
    KeyedNoise fresh({ 10, 11 });
    print("pictures", decoder->sample(2, { image_embed, {} }, {}, fresh));
}
