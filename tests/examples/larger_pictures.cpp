// SPDX-License-Identifier: MIT
// Training on pictures larger than CLIP's: CLIP sees them shrunk, the U-Net whole.
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
                             .visual_image_size = 16,
                             .visual_patch_size = 8 });

    const UnetOptions unet{ .dim = 16, .image_embed_dim = 32, .cond_dim = 16, .dim_mults = { 1, 2 } };
    Decoder decoder(DecoderOptions{ .image_size = 64, .timesteps = 20 }, std::vector{ unet }, clip.ptr());

    const auto images = torch::rand({ 2, 3, 64, 64 });
    KeyedNoise noise({ 0, 1 });
    const auto loss = decoder->loss(images, 1, {}, noise).loss;
    loss.backward();
    print("loss", loss);

    decoder->eval();
    const auto image_embed = clip->embed_image(images).image_embed.detach();
    print("pictures", decoder->sample(2, { image_embed, {} }, {}, noise));
}
