// SPDX-License-Identifier: MIT
// Training by a loop of one's own: an optimiser, a schedule and a moving average for the prior and for each
// U-Net.
#include "core/train/decoder_trainer.h"
#include "core/train/prior_trainer.h"
#include "tests/examples/print.h"

#include <torch/torch.h>

using namespace reverie;

int main()
{
    PriorNetwork network(
        PriorNetworkOptions{ .dim = 32, .max_text_len = 16, .depth = 1, .dim_head = 16, .heads = 2 });
    DiffusionPrior prior(DiffusionPriorOptions{ .timesteps = 50, .condition_on_text_encodings = false },
                         network);
    DiffusionPriorTrainer prior_trainer(prior);

    const UnetOptions unet1{ .dim = 16, .image_embed_dim = 32, .cond_dim = 16, .dim_mults = { 1, 2 } };
    const UnetOptions unet2{ .dim = 8, .image_embed_dim = 32, .cond_dim = 16, .dim_mults = { 1, 2, 4 } };
    Decoder decoder(DecoderOptions{ .image_sizes = { 16, 32 }, .timesteps = 50 },
                    std::vector{ unet1, unet2 });
    DecoderTrainerOptions options;
    options.lr = 3e-4;
    options.wd = 1e-2;
    options.ema_beta = 0.99;
    DecoderTrainer decoder_trainer(decoder, options);

    for (std::uint64_t step = 0; step < 3; ++step) {
        KeyedNoise noise({ 4 * step, 4 * step + 1, 4 * step + 2, 4 * step + 3 });
        const auto images = torch::rand({ 4, 3, 32, 32 });
        const auto image_embed = torch::nn::functional::normalize(torch::randn({ 4, 32 }));
        const auto text_embed = torch::nn::functional::normalize(torch::randn({ 4, 32 }));

        const auto prior_loss = prior_trainer.forward(image_embed, { text_embed, {} }, noise);
        prior_trainer.update();
        for (const std::int64_t unet_number : { 1, 2 }) {
            decoder_trainer.forward(images, unet_number, { image_embed, {} }, noise);
            decoder_trainer.update(unet_number);
        }
        std::cout << "step " << step << ", prior's loss " << prior_loss << '\n';
    }

    KeyedNoise noise({ 1, 2, 3, 4 });
    const auto image_embed = torch::nn::functional::normalize(torch::randn({ 4, 32 }));
    print("pictures of the averaged weights", decoder_trainer.sample(4, { image_embed, {} }, {}, noise));
}
