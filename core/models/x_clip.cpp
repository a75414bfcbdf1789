// SPDX-License-Identifier: MIT
#include "core/models/x_clip.h"

#include "core/base/error.h"
#include "core/nn/resize.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

namespace {

void check(const XClipOptions& o)
{
    if (o.visual_patch_size < 1 || o.visual_image_size % o.visual_patch_size != 0)
        throw UsageError("clip.visual_image_size must be a multiple of clip.visual_patch_size.");
    if (o.use_mlm || o.use_visual_ssl)
        throw UsageError(
            "Masked language modelling and visual self-supervision of CLIP can't be trained yet; set "
            "clip.use_mlm and clip.use_visual_ssl to false.");
    if (o.text_causal_mask || o.downsample_image_embeds)
        throw UsageError(
            "clip.text_causal_mask and clip.downsample_image_embeds are not supported yet; set them "
            "to false.");
    if (o.sim_reg_loss_weight > 0 && !o.extra_latent_projection)
        throw UsageError("clip.sim_reg_loss_weight needs clip.extra_latent_projection.");
}

torch::nn::Linear projection(std::int64_t in, std::int64_t out)
{
    return torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(false));
}

Tensor masked_mean(const Tensor& x, const Tensor& mask) // over the last dimension
{
    return x.masked_fill(mask.logical_not(), 0).sum(-1) / mask.sum(-1).clamp_min(1e-6);
}

/// -log(positive) + log(sum of all), mean over the rows of exp(similarity) (b, b).
Tensor contrastive(const Tensor& similarity, bool decoupled)
{
    const auto exp = similarity.exp();
    const auto positive = exp.diagonal();
    const auto rest
        = decoupled ? exp.masked_fill(torch::eye(exp.size(0), exp.options().dtype(torch::kBool)), 0.) : exp;
    const auto log = [](const Tensor& x) { return (x + 1e-20).log(); };
    return (log(rest.sum(-1)) - log(positive)).mean();
}

/// Mean squared difference of the two modalities' similarities off the diagonal.
Tensor similarity_regularisation(const Tensor& text, const Tensor& image)
{
    const auto off_diagonal = torch::eye(text.size(0), text.options().dtype(torch::kBool)).logical_not();
    return torch::mse_loss(text.matmul(text.t()).masked_select(off_diagonal),
                           image.matmul(image.t()).masked_select(off_diagonal));
}

} // namespace

XClipImpl::XClipImpl(const XClipOptions& o)
    : options_(o)
{
    check(o);
    text_transformer
        = register_module("text_transformer",
                          ClipTextTransformer(ClipTransformerOptions{ .dim = o.dim_text,
                                                                      .depth = o.text_enc_depth,
                                                                      .dim_head = o.text_dim_head,
                                                                      .heads = o.text_heads },
                                              o.num_text_tokens, o.text_seq_len, o.text_rotary_pos_emb));
    visual_transformer = register_module(
        "visual_transformer",
        ClipVisionTransformer(ClipTransformerOptions{ .dim = o.dim_image,
                                                      .depth = o.visual_enc_depth,
                                                      .dim_head = o.visual_dim_head,
                                                      .heads = o.visual_heads },
                              o.visual_image_size, o.visual_patch_size, o.channels, o.visual_patch_dropout));
    to_text_latent = register_module("to_text_latent", projection(o.dim_text, o.dim_latent));
    to_visual_latent = register_module("to_visual_latent", projection(o.dim_image, o.dim_latent));
    temperature = register_parameter("temperature", torch::tensor(1.));
    to_text_latent_extra = register_module("to_text_latent_extra", projection(o.dim_text, o.dim_latent));
    to_visual_latent_extra = register_module("to_visual_latent_extra", projection(o.dim_image, o.dim_latent));
}

void XClipImpl::set_temperature(double log_scale)
{
    torch::NoGradGuard no_grad;
    temperature.fill_(log_scale);
}

Tensor XClipImpl::encode_text(const Tensor& text, const Tensor& mask)
{
    return text_transformer(text, options_.text_encode_without_mask ? Tensor() : mask);
}

Tensor XClipImpl::encode_image(const Tensor& image, Noise* noise)
{
    return visual_transformer(image, noise);
}

ClipLatents XClipImpl::latents_of(const Tensor& encoded_text, const Tensor& encoded_image)
{
    const bool all = options_.use_all_token_embeds;
    const auto text = all ? encoded_text.slice(1, 1) : encoded_text.select(1, 0);
    const auto image = all ? encoded_image.slice(1, 1) : encoded_image.select(1, 0);
    ClipLatents latents{ l2norm(to_text_latent(text)), l2norm(to_visual_latent(image)), {}, {} };
    if (options_.extra_latent_projection) {
        latents.text_extra = l2norm(to_text_latent_extra(text));
        latents.image_extra = l2norm(to_visual_latent_extra(image));
    }
    return latents;
}

ClipLatents XClipImpl::latents(const Tensor& text, const Tensor& image)
{
    return latents_of(encode_text(text, text != options_.text_pad_id), encode_image(image));
}

Tensor XClipImpl::similarity(const Tensor& text, const Tensor& image, bool text_to_image)
{
    const auto all = latents(text, image);
    const bool extra = options_.extra_latent_projection && !text_to_image;
    const auto& t = extra ? all.text_extra : all.text;
    const auto& i = extra ? all.image_extra : all.image;
    const auto product = options_.use_all_token_embeds ? t.matmul(i.transpose(1, 2)) : (t * i).sum(-1);
    return product * temperature.exp();
}

Tensor XClipImpl::loss(const Tensor& text, const Tensor& image, Noise& noise)
{
    const auto mask = text != options_.text_pad_id;
    return loss_of(latents_of(encode_text(text, mask), encode_image(image, &noise)), mask);
}

Tensor XClipImpl::loss_to_embeds(const Tensor& text, const Tensor& image_embed)
{
    if (options_.use_all_token_embeds || options_.extra_latent_projection)
        throw UsageError(
            "The text tower alone can't be trained with use_all_token_embeds or extra_latent_projection.");
    const auto mask = text != options_.text_pad_id;
    const auto text_embed = l2norm(to_text_latent(encode_text(text, mask).select(1, 0)));
    return loss_of({ text_embed, image_embed, {}, {} }, mask);
}

Tensor XClipImpl::loss_of(const ClipLatents& all, const Tensor& mask) const
{
    const auto temp = temperature.exp();
    const bool extra = options_.extra_latent_projection;
    const auto& text2 = extra ? all.text_extra : all.text;
    const auto& image2 = extra ? all.image_extra : all.image;
    Tensor text_to_image, image_to_text; // (b texts, b images) and (b images, b texts)
    if (options_.use_all_token_embeds) {
        const auto tokens = [&](const Tensor& t, const Tensor& i) {
            return torch::einsum("xtd,yid->xyti", { t, i }) * temp; // (texts, images, tokens, patches)
        };
        text_to_image = masked_mean(tokens(all.text, all.image).amax(-1), mask.unsqueeze(1));
        const auto padding = mask.logical_not().unsqueeze(1).unsqueeze(-1);
        image_to_text = tokens(text2, image2)
                            .masked_fill(padding, -std::numeric_limits<float>::max())
                            .amax(-2)
                            .mean(-1);
    } else {
        text_to_image = all.text.matmul(all.image.t()) * temp;
        image_to_text = image2.matmul(text2.t()) * temp;
    }
    const bool decoupled = options_.decoupled_contrastive_learning;
    auto loss = (contrastive(text_to_image, decoupled) + contrastive(image_to_text, decoupled)) / 2;
    if (options_.sim_reg_loss_weight > 0)
        loss = loss
            + options_.sim_reg_loss_weight
                * (similarity_regularisation(all.text, all.image)
                   + similarity_regularisation(all.text_extra, all.image_extra))
                / 2;
    return loss;
}

EmbeddedText XClipImpl::embed_text(const Tensor& text)
{
    const auto ids = text.slice(-1, 0, options_.text_seq_len);
    const auto encoded = text_transformer(ids); // padding is attended to
    const auto encodings = encoded.slice(1, 1).masked_fill((ids == 0).unsqueeze(-1), 0.);
    return { l2norm(to_text_latent(encoded.select(1, 0))), encodings };
}

EmbeddedImage XClipImpl::embed_image(const Tensor& image, Noise* noise)
{
    if (image.size(-1) < options_.visual_image_size)
        throw UsageError("CLIP needs pictures of at least " + std::to_string(options_.visual_image_size)
                         + " pixels a side, not " + std::to_string(image.size(-1)) + ".");
    const auto encoded = visual_transformer(resize_cubic(image, options_.visual_image_size), noise);
    return { l2norm(to_visual_latent(encoded.select(1, 0))), encoded.slice(1, 1) };
}

} // namespace reverie
