// SPDX-License-Identifier: MIT
// OpenAI's CLIP in place of our own: priors and decoders see the interface, not which CLIP it is.
#include "core/models/openai_clip.h"
#include "core/models/diffusion_prior.h"
#include "tests/examples/print.h"

#include <torch/torch.h>

using namespace reverie;

int main()
{
    // Weights come from a model file; `dream model import` reads OpenAI's.
    OpenAiClip clip(OpenAiClipOptions{ .embed_dim = 32,
                                       .image_resolution = 32,
                                       .vision_layers = 2,
                                       .vision_width = 64,
                                       .vision_patch_size = 8,
                                       .context_length = 16,
                                       .vocab_size = 1000,
                                       .transformer_width = 48,
                                       .transformer_heads = 2,
                                       .transformer_layers = 2 });
    clip->eval();

    PriorNetwork network(
        PriorNetworkOptions{ .dim = 32, .max_text_len = 16, .depth = 2, .dim_head = 16, .heads = 2 });
    DiffusionPrior prior(
        DiffusionPriorOptions{ .timesteps = 50, .cond_drop_prob = 0.2, .condition_on_text_encodings = false },
        network, clip.ptr());

    auto text = torch::randint(1, 900, { 2, 16 });
    text.select(1, 15) = 999; // the token that ends a text
    const auto images = torch::rand({ 2, 3, 32, 32 });
    KeyedNoise noise({ 0, 1 });
    const auto loss = prior->loss_of_pairs(text, images, noise);
    loss.backward();
    print("loss", loss);
}
