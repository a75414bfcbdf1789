// SPDX-License-Identifier: MIT
// CLIP with all its options: fine-grained, decoupled, with self-supervision of both towers.
#include "core/models/x_clip.h"
#include "tests/examples/print.h"

#include <torch/torch.h>

using namespace reverie;

int main()
{
    XClip clip(XClipOptions{
        .dim_text = 64,
        .dim_image = 64,
        .dim_latent = 64,
        .num_text_tokens = 1000,
        .text_enc_depth = 2,
        .text_seq_len = 32,
        .text_heads = 4,
        .visual_enc_depth = 2,
        .visual_heads = 4,
        .visual_image_size = 64,
        .visual_patch_size = 16,
        .use_all_token_embeds = true, // fine-grained contrastive learning (FILIP)
        .decoupled_contrastive_learning = true, // the positive leaves the denominator (DCL)
        .extra_latent_projection = true, // separate projections for the two directions (CLOOB)
        .use_mlm = true, // masked language modelling of the captions
        .text_ssl_loss_weight = 0.05,
        .use_visual_ssl = true, // self-supervision of the pictures
        .visual_ssl_type = "simclr", // or "simsiam"
        .visual_ssl_projection_hidden_size = 128,
        .image_ssl_loss_weight = 0.05,
    });

    const auto text = torch::randint(1, 1000, { 4, 32 });
    const auto images = torch::rand({ 4, 3, 64, 64 });

    KeyedNoise noise({ 0, 1, 2, 3 }); // a key for each sample of the batch
    const auto loss = clip->loss(text, images, noise);
    loss.backward();
    print("loss", loss);

    // Once trained: embeddings in the space that texts and pictures share.
    clip->eval();
    torch::NoGradGuard no_grad;
    print("text embeddings", clip->embed_text(text).text_embed);
    print("image embeddings", clip->embed_image(images).image_embed);
}
