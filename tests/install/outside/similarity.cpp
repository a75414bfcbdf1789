#include "core/models/x_clip.h"

#include <torch/types.h>

#include <cstdio>

int main()
{
    reverie::XClip clip(reverie::XClipOptions{ .dim_text = 16, .dim_image = 16, .dim_latent = 16 });
    clip->eval();
    const auto text = clip->embed_text(torch::ones({ 1, 8 }, torch::kLong)).text_embed;
    const auto image = clip->embed_image(torch::rand({ 1, 3, 256, 256 })).image_embed;
    std::printf("similarity %.3f\n", (text * image).sum().item<double>());
}
