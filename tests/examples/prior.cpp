// SPDX-License-Identifier: MIT
// The diffusion prior: from a text's embedding to the embedding of a picture of it.
#include "core/models/diffusion_prior.h"
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
                             .text_seq_len = 16,
                             .visual_enc_depth = 1,
                             .visual_image_size = 32,
                             .visual_patch_size = 8 });

    PriorNetwork network(
        PriorNetworkOptions{ .dim = 32, .max_text_len = 16, .depth = 2, .dim_head = 16, .heads = 2 });
    DiffusionPrior prior(DiffusionPriorOptions{ .timesteps = 100, .cond_drop_prob = 0.2 }, network,
                         clip.ptr());

    const auto text = torch::randint(1, 1000, { 4, 16 });
    const auto images = torch::rand({ 4, 3, 32, 32 });
    KeyedNoise noise({ 0, 1, 2, 3 });
    auto loss = prior->loss_of_pairs(text, images, noise);
    loss.backward();
    print("loss", loss);

    // Or from embeddings that were computed once and kept.
    const auto image_embed = clip->embed_image(images).image_embed.detach();
    loss = prior->loss(image_embed, prior->embed_text(text), noise);
    print("loss on embeddings", loss);

    // Two candidates for each text; the one nearest to the text is chosen.
    prior->eval();
    torch::NoGradGuard no_grad;
    KeyedNoise fresh({ 0, 1, 2, 3, 4, 5, 6, 7 });
    const auto drawn = prior->sample_text(text, /*candidates=*/2, { .timesteps = 10 }, fresh);
    print("image embeddings", drawn.image_embed);
    print("similarity of the candidates", drawn.similarity);
}
