// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/options.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace reverie {

/// Options of a VQGAN-VAE by the reference's names: vq_* are its codebook's, encdec_* its encoder's and
/// decoder's.
struct VQGanVAEOptions {
    std::int64_t dim = 64; ///< channels after the first layer; of a vit, width of its tokens
    std::int64_t image_size = 256; ///< side of the pictures it is trained on
    std::int64_t channels = 3;
    std::int64_t layers = 4; ///< resnet: halvings; vit: depth of each transformer
    std::string vae_type = "resnet"; ///< resnet | vit
    bool l2_recon_loss = false; ///< squared instead of absolute error
    bool use_hinge_loss = true; ///< of the GAN; else binary cross entropy
    bool use_vgg_and_gan = true; ///< train with a discriminator, and a perceptual loss where a VGG is given
    std::int64_t discr_layers = 4; ///< halvings of the discriminator

    std::optional<std::int64_t> vq_codebook_dim = 256; ///< null: as wide as the features
    std::int64_t vq_codebook_size = 512;
    std::int64_t vq_heads = 1; ///< codes a feature is made of
    bool vq_separate_codebook_per_head = false;
    double vq_decay = 0.8; ///< of the codebook's moving averages
    double vq_eps = 1e-5; ///< their Laplace smoothing
    double vq_commitment_weight = 1;
    bool vq_kmeans_init = true; ///< an untrained codebook begins as clusters of the first training batch
    std::int64_t vq_kmeans_iters = 10;
    bool vq_use_cosine_sim = true;
    double vq_threshold_ema_dead_code = 0; ///< codes used less are replaced; 0: never

    std::vector<std::int64_t>
        encdec_layer_mults; ///< resnet: channels of each layer in dims; empty: 1, 2, 4, ...
    PerStage<std::int64_t> encdec_num_resnet_blocks = 1; ///< by layer; a single value: in the last
    std::int64_t encdec_resnet_groups = 16;
    std::int64_t encdec_first_conv_kernel_size = 5;
    PerStage<bool> encdec_use_attn = true; ///< by layer; a single value: in the last
    std::int64_t encdec_attn_dim_head = 64;
    std::int64_t encdec_attn_heads = 8;
    double encdec_attn_dropout = 0;
    std::int64_t encdec_patch_size = 8; ///< this and the rest: vit
    std::int64_t encdec_dim_head = 32;
    std::int64_t encdec_heads = 8;
    std::int64_t encdec_ff_mult = 4;

    static void visit(auto& self, auto&& field)
    {
        field("dim", self.dim);
        field("image_size", self.image_size);
        field("channels", self.channels);
        field("layers", self.layers);
        field("vae_type", self.vae_type);
        field("l2_recon_loss", self.l2_recon_loss);
        field("use_hinge_loss", self.use_hinge_loss);
        field("use_vgg_and_gan", self.use_vgg_and_gan);
        field("discr_layers", self.discr_layers);
        field("vq_codebook_dim", self.vq_codebook_dim);
        field("vq_codebook_size", self.vq_codebook_size);
        field("vq_heads", self.vq_heads);
        field("vq_separate_codebook_per_head", self.vq_separate_codebook_per_head);
        field("vq_decay", self.vq_decay);
        field("vq_eps", self.vq_eps);
        field("vq_commitment_weight", self.vq_commitment_weight);
        field("vq_kmeans_init", self.vq_kmeans_init);
        field("vq_kmeans_iters", self.vq_kmeans_iters);
        field("vq_use_cosine_sim", self.vq_use_cosine_sim);
        field("vq_threshold_ema_dead_code", self.vq_threshold_ema_dead_code);
        field("encdec_layer_mults", self.encdec_layer_mults);
        field("encdec_num_resnet_blocks", self.encdec_num_resnet_blocks);
        field("encdec_resnet_groups", self.encdec_resnet_groups);
        field("encdec_first_conv_kernel_size", self.encdec_first_conv_kernel_size);
        field("encdec_use_attn", self.encdec_use_attn);
        field("encdec_attn_dim_head", self.encdec_attn_dim_head);
        field("encdec_attn_heads", self.encdec_attn_heads);
        field("encdec_attn_dropout", self.encdec_attn_dropout);
        field("encdec_patch_size", self.encdec_patch_size);
        field("encdec_dim_head", self.encdec_dim_head);
        field("encdec_heads", self.encdec_heads);
        field("encdec_ff_mult", self.encdec_ff_mult);
    }
};

} // namespace reverie
