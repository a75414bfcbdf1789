// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/vqgan_vae_options.h"

#include <torch/nn/module.h>

#include <memory>

namespace reverie {

using torch::Tensor;

/// The two halves of a VQGAN-VAE around its codebook: pictures (b, c, H, W) to features (b, d, h, w) and
/// back, with H = h * downsampling().
class VqganEncoderDecoder : public torch::nn::Module
{
public:
    virtual Tensor encode(const Tensor& image) = 0;
    virtual Tensor decode(const Tensor& features) = 0;
    [[nodiscard]] virtual std::int64_t encoded_dim() const = 0; ///< d
    [[nodiscard]] virtual std::int64_t downsampling() const = 0;
    [[nodiscard]] virtual Tensor last_layer() const = 0; ///< weights that the adaptive GAN weight looks at
};

/// Convolutions of stride 2 with residual blocks between (Esser et al. 2020).
std::shared_ptr<VqganEncoderDecoder> resnet_encoder_decoder(const VQGanVAEOptions& options);

/// A transformer over patches on either side (ViT-VQGAN, Yu et al. 2021).
std::shared_ptr<VqganEncoderDecoder> vit_encoder_decoder(const VQGanVAEOptions& options);

} // namespace reverie
