// SPDX-License-Identifier: MIT
#include "core/train/option_notes.h"

#include <array>

namespace reverie {

namespace {

using namespace sources;

constexpr std::array vqgan_notes{
    OptionNote{ "vqgan.discr_after", "Steps before the discriminator begins to learn, and to count.", own },
    OptionNote{ "vqgan.discr_lr", "The discriminator's own learning rate; 0: the autoencoder's.", reference },
    OptionNote{ "vqgan.grad_penalty_every",
                "Steps of the discriminator between two with a gradient penalty; 0: none.", reference },
    OptionNote{ "vqgan.vgg",
                "A .safetensors file with VGG-16's weights for the perceptual loss; empty: without.",
                reference },
    OptionNote{ "model.vqgan.dim", "Channels after the first layer; of a vit, width of its tokens.",
                reference },
    OptionNote{ "model.vqgan.image_size", "Side of the pictures it is trained on, in pixels.", reference },
    OptionNote{ "model.vqgan.channels", "Colour channels.", reference },
    OptionNote{ "model.vqgan.layers",
                "Of a resnet, halvings of the side; of a vit, depth of each transformer.", reference },
    OptionNote{ "model.vqgan.vae_type", "What it is made of: resnet or vit.", reference },
    OptionNote{ "model.vqgan.l2_recon_loss", "Squared instead of absolute error.", reference },
    OptionNote{ "model.vqgan.use_hinge_loss",
                "The discriminator's loss is a hinge; else binary cross entropy.", reference },
    OptionNote{ "model.vqgan.use_vgg_and_gan",
                "Trains with a discriminator, and a perceptual loss where a VGG is given.", reference },
    OptionNote{ "model.vqgan.discr_layers", "Halvings of the discriminator.", reference },
    OptionNote{ "model.vqgan.vq_codebook_dim", "Width of a code; null: as wide as the features.", reference },
    OptionNote{ "model.vqgan.vq_codebook_size", "Codes there are.", reference },
    OptionNote{ "model.vqgan.vq_heads", "Codes a feature is made of.", reference },
    OptionNote{ "model.vqgan.vq_separate_codebook_per_head", "Each of them has a codebook of its own.",
                reference },
    OptionNote{ "model.vqgan.vq_decay", "Decay of the codebook's moving averages.", reference },
    OptionNote{ "model.vqgan.vq_eps", "Keeps codes that are not used from being divided by nothing.",
                reference },
    OptionNote{ "model.vqgan.vq_commitment_weight",
                "Weight of the loss that keeps features near their codes.", reference },
    OptionNote{ "model.vqgan.vq_kmeans_init", "The codebook begins as clusters of the first batch.",
                reference },
    OptionNote{ "model.vqgan.vq_kmeans_iters", "Rounds of that clustering.", reference },
    OptionNote{ "model.vqgan.vq_use_cosine_sim", "Codes are chosen by direction alone.", reference },
    OptionNote{ "model.vqgan.vq_threshold_ema_dead_code", "Codes used less than this are replaced; 0: never.",
                reference },
    OptionNote{ "model.vqgan.encdec_layer_mults",
                "Channels of each layer in multiples of dim; empty: 1, 2, 4, and so on.", reference },
    OptionNote{ "model.vqgan.encdec_num_resnet_blocks",
                "Residual blocks by layer; a single number: in the last.", reference },
    OptionNote{ "model.vqgan.encdec_resnet_groups", "Groups of their normalisation.", reference },
    OptionNote{ "model.vqgan.encdec_first_conv_kernel_size",
                "Side of the first convolution's kernel, in pixels.", reference },
    OptionNote{ "model.vqgan.encdec_use_attn", "Attention by layer; a single value: in the last.",
                reference },
    OptionNote{ "model.vqgan.encdec_attn_dim_head", "Width of each head of that attention.", reference },
    OptionNote{ "model.vqgan.encdec_attn_heads", "Heads of that attention.", reference },
    OptionNote{ "model.vqgan.encdec_attn_dropout", "Share of that attention that training leaves out.",
                reference },
    OptionNote{ "model.vqgan.encdec_patch_size", "Of a vit, side of its patches in pixels.", reference },
    OptionNote{ "model.vqgan.encdec_dim_head", "Of a vit, width of each attention head.", reference },
    OptionNote{ "model.vqgan.encdec_heads", "Of a vit, attention heads.", reference },
    OptionNote{ "model.vqgan.encdec_ff_mult",
                "Of a vit, width of the feed-forward layers in multiples of dim.", reference },
};

} // namespace

std::span<const OptionNote> notes_on_vqgans()
{
    return vqgan_notes;
}

} // namespace reverie
