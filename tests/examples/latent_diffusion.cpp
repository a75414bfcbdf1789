// SPDX-License-Identifier: MIT
// Latent diffusion: the first stage draws pixels, the second the features of a VQGAN-VAE.
#include "core/io/state_dict.h"
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

    const VQGanVAEOptions vae{
        .dim = 16, .image_size = 32, .layers = 1, .use_vgg_and_gan = false, .vq_codebook_size = 64
    };
    const UnetOptions unet1{ .dim = 16, .image_embed_dim = 32, .cond_dim = 16, .dim_mults = { 1, 2 } };
    const UnetOptions unet2{ .dim = 16, .image_embed_dim = 32, .cond_dim = 16, .dim_mults = { 1, 2 } };
    Decoder decoder(
        DecoderOptions{ .image_sizes = { 16, 32 }, .vaes = { std::nullopt, vae }, .timesteps = 50 },
        std::vector{ unet1, unet2 }, clip.ptr());

    // The autoencoder is trained first and stays as it is in the decoder.
    const auto images = torch::rand({ 2, 3, 32, 32 });
    KeyedNoise vae_noise({ 0, 1 });
    VQGanVAE autoencoder(vae);
    autoencoder->train();
    const auto vae_loss = autoencoder->autoencoder_loss(images, vae_noise).total;
    vae_loss.backward();
    print("autoencoder's loss", vae_loss);
    load_state_dict(*decoder->vae(2), state_dict(*autoencoder), "", "the autoencoder");

    for (const std::int64_t unet_number : { 1, 2 }) {
        KeyedNoise noise({ 0, 1 });
        const auto loss = decoder->loss(images, unet_number, {}, noise).loss;
        loss.backward();
        print("loss", loss);
    }

    decoder->eval();
    const auto image_embed = clip->embed_image(images).image_embed.detach();
    KeyedNoise noise({ 10, 11 });
    print("pictures", decoder->sample(2, { image_embed, {} }, {}, noise));
}
