// SPDX-License-Identifier: MIT
// A decoder whose U-Net reads the text as well as the image embedding.
#include "core/models/decoder.h"
#include "core/models/x_clip.h"
#include "tests/examples/print.h"

#include <torch/torch.h>

using namespace reverie;

int main()
{
    XClip clip(XClipOptions{ .dim_text = 48,
                             .dim_image = 32,
                             .dim_latent = 32,
                             .num_text_tokens = 1000,
                             .text_enc_depth = 1,
                             .text_seq_len = 16,
                             .visual_enc_depth = 1,
                             .visual_image_size = 32,
                             .visual_patch_size = 8 });

    const UnetOptions unet{ .dim = 16,
                            .image_embed_dim = 32,
                            .text_embed_dim = 48,
                            .cond_dim = 16,
                            .dim_mults = { 1, 2 },
                            .cond_on_text_encodings = true,
                            .max_text_len = 16 };
    Decoder decoder(
        DecoderOptions{ .timesteps = 50, .image_cond_drop_prob = 0.1, .text_cond_drop_prob = 0.5 },
        std::vector{ unet }, clip.ptr());

    const auto text = torch::randint(1, 1000, { 2, 16 });
    const auto images = torch::rand({ 2, 3, 32, 32 });
    KeyedNoise noise({ 0, 1 });
    const auto loss = decoder->loss(images, 1, {}, noise, text).loss;
    loss.backward();
    print("loss", loss);

    decoder->eval();
    torch::NoGradGuard no_grad;
    DecoderCondition condition;
    condition.image_embed = clip->embed_image(images).image_embed;
    condition.text_encodings = clip->embed_text(text).text_encodings;
    print("pictures", decoder->sample(2, condition, {}, noise));
}
