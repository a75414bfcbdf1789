// SPDX-License-Identifier: MIT
// Inpainting: a mask says which pixels of a picture stay, the decoder draws the others.
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
    Decoder decoder(DecoderOptions{ .image_size = 16, .timesteps = 50 }, std::vector{ unet }, clip.ptr());
    decoder->eval(); // trained by now

    const auto pictures = torch::rand({ 2, 3, 16, 16 });
    auto keep = torch::ones({ 2, 16, 16 }, torch::kBool);
    keep.slice(1, 4, 12).slice(2, 4, 12) = false; // a square to be drawn anew

    DecoderSampling sampling;
    sampling.inpaint_image = pictures;
    sampling.inpaint_mask = keep;
    sampling.inpaint_resample_times = 5; // RePaint
    const auto image_embed = clip->embed_image(pictures).image_embed.detach();
    KeyedNoise noise({ 0, 1 });
    const auto inpainted = decoder->sample(2, { image_embed, {} }, sampling, noise);
    print("pictures", inpainted);
    print("change where it was kept", ((inpainted - pictures) * keep.unsqueeze(1)).abs().max());
}
