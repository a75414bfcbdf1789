// SPDX-License-Identifier: MIT
#include "core/models/vqgan_vae.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <sstream>

namespace reverie {

namespace {

[[noreturn]] void refuse(const std::string& why)
{
    throw UsageError("This VQGAN-VAE can't be built: " + why + ".");
}

std::shared_ptr<VqganEncoderDecoder> encoder_decoder(const VQGanVAEOptions& o)
{
    if (o.layers < 1)
        refuse("it needs at least one layer, not " + std::to_string(o.layers));
    if (o.vae_type == "resnet")
        return resnet_encoder_decoder(o);
    if (o.vae_type == "vit")
        return vit_encoder_decoder(o);
    refuse("vae_type must be resnet or vit, not " + o.vae_type);
}

VectorQuantizeOptions quantizer(const VQGanVAEOptions& o, std::int64_t dim)
{
    return { .dim = dim,
             .heads = o.vq_heads,
             .separate_codebook_per_head = o.vq_separate_codebook_per_head,
             .commitment_weight = o.vq_commitment_weight,
             .codebook = { .dim = o.vq_codebook_dim.value_or(dim),
                           .size = o.vq_codebook_size,
                           .cosine_sim = o.vq_use_cosine_sim,
                           .kmeans_init = o.vq_kmeans_init,
                           .kmeans_iters = o.vq_kmeans_iters,
                           .decay = o.vq_decay,
                           .eps = o.vq_eps,
                           .threshold_ema_dead_code = o.vq_threshold_ema_dead_code } };
}

} // namespace

VQGanVAEImpl::VQGanVAEImpl(const VQGanVAEOptions& options)
    : options_(options)
    , enc_dec(register_module("enc_dec", encoder_decoder(options)))
    , vq(register_module("vq", VectorQuantize(quantizer(options, enc_dec->encoded_dim()))))
{
    const auto& o = options_;
    if (o.image_size % downsampling() != 0)
        refuse("image_size is " + std::to_string(o.image_size) + ", which its "
               + std::to_string(downsampling()) + "-fold reduction does not divide");
    if (!o.use_vgg_and_gan)
        return;
    const auto judged = o.image_size >> o.discr_layers;
    if (judged < 4)
        refuse("a discriminator of " + std::to_string(o.discr_layers) + " layers needs an image_size of "
               + std::to_string(std::int64_t(4) << o.discr_layers) + ", not " + std::to_string(o.image_size));
    discr = register_module("discr", Discriminator(o.dim, o.discr_layers, o.channels));
}

Tensor VQGanVAEImpl::encode(const Tensor& image)
{
    return enc_dec->encode(image);
}

VQGanVAEImpl::Decoded VQGanVAEImpl::decode(const Tensor& features)
{
    return decode(features, nullptr);
}

VQGanVAEImpl::Decoded VQGanVAEImpl::decode(const Tensor& features, Noise* learn_with)
{
    const auto codes = vq(features, learn_with);
    return { enc_dec->decode(codes.quantized), codes.indices, codes.commit_loss };
}

Tensor VQGanVAEImpl::forward(const Tensor& image)
{
    check_pictures(image);
    return decode(encode(image)).image;
}

VQGanVAEImpl::Loss VQGanVAEImpl::autoencoder_loss(const Tensor& image, Noise& noise)
{
    check_pictures(image);
    const auto decoded = decode(encode(image), &noise);
    Loss loss;
    loss.image = decoded.image;
    loss.reconstruction = reconstruction_error(decoded.image, image);
    loss.commit = decoded.commit_loss.squeeze(0);
    loss.total = loss.reconstruction + loss.commit;
    if (vgg_) {
        loss.perceptual = torch::mse_loss(vgg_(decoded.image), vgg_(image));
        loss.total = loss.total + loss.perceptual;
    }
    if (discr) {
        loss.generator = generator_loss(discr(decoded.image), options_.use_hinge_loss);
        const auto rows = image.size(0);
        const auto wanted = gradient_norm(vgg_ ? loss.perceptual : loss.reconstruction, rows);
        loss.adaptive_weight = (wanted / (gradient_norm(loss.generator, rows) + 1e-8)).clamp_max(1e4);
        loss.total = loss.total + loss.adaptive_weight * loss.generator;
    }
    return loss;
}

Tensor VQGanVAEImpl::discriminator_loss(const Tensor& image, bool add_gradient_penalty)
{
    check_pictures(image);
    if (!discr)
        throw UsageError("This VQGAN-VAE has no discriminator; set use_vgg_and_gan.");
    Tensor fake;
    {
        torch::NoGradGuard no_grad;
        fake = decode(encode(image)).image;
    }
    const auto real = image.detach().requires_grad_(add_gradient_penalty);
    const auto real_logits = discr(real);
    const auto loss = reverie::discriminator_loss(discr(fake), real_logits, options_.use_hinge_loss);
    return add_gradient_penalty ? loss + gradient_penalty(real, real_logits) : loss;
}

void VQGanVAEImpl::share_batch(WholeBatch whole)
{
    vq->share_batch(whole);
    whole_ = std::move(whole);
}

/// The length of the gradient at the last layer that the whole batch's loss has; `loss` is the mean of
/// `rows`.
Tensor VQGanVAEImpl::gradient_norm(const Tensor& loss, std::int64_t rows) const
{
    auto gradient
        = torch::autograd::grad({ loss }, { enc_dec->last_layer() }, {}, /*retain_graph=*/true)[0].detach();
    if (whole_) {
        const auto count = torch::full({ 1 }, double(rows), gradient.options());
        gradient = whole_((gradient * double(rows)).unsqueeze(0)).sum(0) / whole_(count).sum();
    }
    return gradient.norm();
}

void VQGanVAEImpl::set_vgg(const Vgg& vgg)
{
    vgg_ = vgg;
    vgg_->eval();
    for (auto& parameter : vgg_->parameters())
        parameter.set_requires_grad(false);
}

std::vector<Tensor> VQGanVAEImpl::discriminator_parameters() const
{
    return discr ? discr->parameters() : std::vector<Tensor>();
}

std::vector<Tensor> VQGanVAEImpl::autoencoder_parameters() const
{
    auto all = enc_dec->parameters();
    const auto quantizers = vq->parameters();
    all.insert(all.end(), quantizers.begin(), quantizers.end());
    return all;
}

Tensor VQGanVAEImpl::reconstruction_error(const Tensor& reconstruction, const Tensor& image) const
{
    return options_.l2_recon_loss ? torch::mse_loss(reconstruction, image)
                                  : torch::l1_loss(reconstruction, image);
}

void VQGanVAEImpl::check_pictures(const Tensor& image) const
{
    const auto& o = options_;
    if (image.dim() == 4 && image.size(1) == o.channels && image.size(2) == o.image_size
        && image.size(3) == o.image_size)
        return;
    std::ostringstream text;
    text << "This VQGAN-VAE takes pictures (b, " << o.channels << ", " << o.image_size << ", " << o.image_size
         << "), not " << image.sizes() << ".";
    throw UsageError(text.str());
}

} // namespace reverie
