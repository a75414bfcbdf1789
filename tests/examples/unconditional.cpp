// SPDX-License-Identifier: MIT
// The same cascade without any condition: it draws what its training pictures look like.
#include "core/models/decoder.h"
#include "tests/examples/print.h"

#include <torch/torch.h>

using namespace reverie;

int main()
{
    const UnetOptions unet1{ .dim = 16, .dim_mults = { 1, 2 } };
    const UnetOptions unet2{ .dim = 8, .dim_mults = { 1, 2, 4 } };
    Decoder decoder(DecoderOptions{ .image_sizes = { 16, 32 }, .timesteps = 50, .unconditional = true },
                    std::vector{ unet1, unet2 });

    const auto images = torch::rand({ 2, 3, 32, 32 });
    for (const std::int64_t unet_number : { 1, 2 }) {
        KeyedNoise noise({ 0, 1 });
        const auto loss = decoder->loss(images, unet_number, {}, noise).loss;
        loss.backward();
        print("loss", loss);
    }

    decoder->eval();
    KeyedNoise noise({ 10, 11, 12, 13 });
    print("pictures", decoder->sample(/*batch=*/4, {}, {}, noise));
}
