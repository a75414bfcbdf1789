// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"
#include "core/models/vgg.h"
#include "core/models/vqgan_discriminator.h"
#include "core/models/vqgan_encoder_decoder.h"
#include "core/models/vqgan_vae_options.h"
#include "core/nn/vector_quantize.h"

namespace reverie {

/// An autoencoder of pictures whose features are codes of a codebook, trained with a GAN (VQGAN, Esser et al.
/// 2020). Pictures are (b, channels, H, W) in [0, 1], features (b, encoded_dim, h, w). Throws UsageError for
/// options that can't be built.
///
/// A decoder stage without an autoencoder is what the reference calls a NullVQGanVAE.
class VQGanVAEImpl : public torch::nn::Module
{
public:
    explicit VQGanVAEImpl(const VQGanVAEOptions& options);

    struct Decoded {
        Tensor image; ///< (b, channels, H, W)
        Tensor indices; ///< of the codes, int64 (b, h, w[, heads])
        Tensor commit_loss; ///< (1); zero outside training
    };
    Tensor encode(const Tensor& image); ///< features, not yet quantised
    VectorQuantizeImpl::Result quantize(const Tensor& features) { return vq(features); }
    Decoded decode(const Tensor& features); ///< quantises them first
    Tensor forward(const Tensor& image); ///< the reconstruction

    struct Loss {
        Tensor total; ///< (): what to derive
        Tensor reconstruction, commit, perceptual, generator; ///< its terms; undefined where there are none
        Tensor adaptive_weight; ///< of the generator's term
        Tensor image; ///< the reconstruction
    };
    /// reconstruction + commit + perceptual + adaptive_weight * generator. The weight is the ratio of the
    /// gradients that the perceptual loss (without a VGG: the reconstruction loss) and the generator's loss
    /// have at the last layer, at most 1e4 (Esser et al. 2020, eq. 7). In training mode the codebook learns.
    Loss autoencoder_loss(const Tensor& image, Noise& noise);

    /// What the discriminator minimises, for real pictures and their reconstructions; nothing else gets
    /// gradients, and the codebook stays.
    Tensor discriminator_loss(const Tensor& image, bool add_gradient_penalty = true);

    /// Several processes have a part of every batch that autoencoder_loss() learns from; its losses are those
    /// of the part, its codebook and its adaptive weight those of the whole. None: there is one.
    void share_batch(WholeBatch whole);

    /// Turns the perceptual loss on. The network is frozen and no part of the state dict.
    void set_vgg(const Vgg& vgg);
    [[nodiscard]] bool has_discriminator() const { return !discr.is_empty(); }
    std::vector<Tensor> discriminator_parameters() const;
    std::vector<Tensor> autoencoder_parameters() const; ///< all others

    [[nodiscard]] const VQGanVAEOptions& options() const { return options_; }
    [[nodiscard]] std::int64_t encoded_dim() const { return enc_dec->encoded_dim(); }
    [[nodiscard]] std::int64_t downsampling() const { return enc_dec->downsampling(); }
    [[nodiscard]] std::int64_t encoded_size(std::int64_t image_size) const
    {
        return image_size / downsampling();
    }
    [[nodiscard]] Tensor codebook() const { return vq->codebook(); }

private:
    Decoded decode(const Tensor& features, Noise* learn_with);
    Tensor gradient_norm(const Tensor& loss, std::int64_t rows) const;
    Tensor reconstruction_error(const Tensor& reconstruction, const Tensor& image) const;
    void check_pictures(const Tensor& image) const;

    VQGanVAEOptions options_;
    std::shared_ptr<VqganEncoderDecoder> enc_dec;
    VectorQuantize vq{ nullptr };
    Discriminator discr{ nullptr };
    Vgg vgg_{ nullptr };
    WholeBatch whole_;
};
TORCH_MODULE(VQGanVAE);

} // namespace reverie
