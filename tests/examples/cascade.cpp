// SPDX-License-Identifier: MIT
// A cascade of two U-Nets: the second draws at twice the side what the first drew. The paper's sizes are 256
// and 512; here they are a sixteenth.
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

    const UnetOptions unet1{ .dim = 16, .image_embed_dim = 32, .cond_dim = 16, .dim_mults = { 1, 2 } };
    const UnetOptions unet2{ .dim = 8, .image_embed_dim = 32, .cond_dim = 16, .dim_mults = { 1, 2, 4 } };
    Decoder decoder(DecoderOptions{ .image_sizes = { 16, 32 }, // 256, 512
                                    .timesteps = 50,
                                    .image_cond_drop_prob = 0.1,
                                    .text_cond_drop_prob = 0.5 },
                    std::vector{ unet1, unet2 }, clip.ptr());

    // Pictures of the last size; the stages shrink them as they need. Stages are trained on their own.
    const auto images = torch::rand({ 4, 3, 32, 32 });
    for (const std::int64_t unet_number : { 1, 2 }) {
        KeyedNoise noise({ 0, 1, 2, 3 });
        const auto loss = decoder->loss(images, unet_number, {}, noise).loss;
        loss.backward();
        print("loss", loss);
    }

    decoder->eval();
    const auto image_embed = clip->embed_image(images).image_embed.detach();
    KeyedNoise noise({ 10, 11, 12, 13 });
    print("pictures", decoder->sample(4, { image_embed, {} }, {}, noise));

    // Guidance, fewer steps, and the first stage only.
    DecoderSampling sampling;
    sampling.cond_scale = 2;
    sampling.stages = { SamplingOptions{ .timesteps = 10 } };
    sampling.stop_at_unet_number = 1;
    print("first stage", decoder->sample(4, { image_embed, {} }, sampling, noise));
}
