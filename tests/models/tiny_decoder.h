// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/decoder.h"

#include <torch/torch.h>

#include <numeric>

namespace reverie {

/// Weights that let every input through: fresh ones of a U-Net end in zeros.
template <class Module>
Module shaken(Module module, std::uint64_t seed = 5)
{
    torch::manual_seed(seed);
    torch::NoGradGuard no_grad;
    for (auto& parameter : module->parameters())
        parameter.add_(torch::randn_like(parameter) * 0.05);
    module->eval();
    return module;
}

inline UnetOptions tiny_unet()
{
    UnetOptions options;
    options.dim = 8;
    options.image_embed_dim = 6;
    options.cond_dim = 8;
    options.dim_mults = { 1 };
    options.resnet_groups = 4;
    options.num_resnet_blocks = 1;
    options.attn_dim_head = 8;
    options.attn_heads = 2;
    options.max_text_len = 2;
    options.init_cross_embed_kernel_sizes = { 3, 5 };
    return options;
}

/// Pictures of 8 pixels a side to features of 4; its codebook counts as learnt.
inline VQGanVAEOptions tiny_vae(std::int64_t image_size = 8)
{
    VQGanVAEOptions options;
    options.dim = 16;
    options.image_size = image_size;
    options.layers = 1;
    options.use_vgg_and_gan = false;
    options.vq_codebook_dim = 6;
    options.vq_codebook_size = 12;
    options.vq_kmeans_init = false;
    options.encdec_attn_heads = 2;
    options.encdec_attn_dim_head = 8;
    return options;
}

inline DecoderOptions tiny_options(std::vector<std::int64_t> sizes, std::int64_t timesteps = 6)
{
    DecoderOptions options;
    options.image_sizes = std::move(sizes);
    options.timesteps = timesteps;
    options.beta_schedule = std::optional<std::string>("cosine");
    return options;
}

inline Decoder tiny_decoder(const DecoderOptions& options)
{
    return shaken(Decoder(options, std::vector<UnetOptions>(options.image_sizes.size(), tiny_unet())));
}

inline KeyedNoise noise_of(std::uint64_t seed, std::int64_t samples)
{
    std::vector<std::uint64_t> keys(static_cast<std::size_t>(samples));
    std::iota(keys.begin(), keys.end(), seed);
    return KeyedNoise(keys);
}

/// Numbers in [0, 1) of its own generator.
inline Tensor pictures(std::int64_t batch, std::int64_t side, std::uint64_t seed = 3)
{
    return torch::rand({ batch, 3, side, side }, at::detail::createCPUGenerator(seed));
}

inline DecoderCondition tiny_condition(std::int64_t batch)
{
    return { torch::randn({ batch, 6 }, at::detail::createCPUGenerator(4)), {} };
}

} // namespace reverie
