// SPDX-License-Identifier: MIT
#include "core/models/x_clip.h"

#include "core/base/error.h"
#include "core/nn/augmentation.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <sstream>

namespace reverie {

namespace {

torch::nn::Linear projection(std::int64_t in, std::int64_t out)
{
    return torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(false));
}

/// Patches (b, h * w, dim) to a quarter as many latents (b, h/2 * w/2, dim_latent).
class DownsampledLatentsImpl : public torch::nn::Module
{
public:
    DownsampledLatentsImpl(std::int64_t dim, std::int64_t dim_latent)
        : gather(register_module(
            "1",
            torch::nn::Conv2d(
                torch::nn::Conv2dOptions(dim, dim, 4).stride(2).padding(1).bias(false).groups(dim))))
        , project(register_module("2", torch::nn::Conv2d(torch::nn::Conv2dOptions(dim, dim_latent, 1))))
    {
    }

    Tensor forward(const Tensor& patches)
    {
        const auto [rows, columns] = patch_grid(patches.size(1));
        const auto picture = patches.transpose(1, 2).unflatten(-1, { rows, columns }); // (b, dim, h, w)
        return project(gather(picture)).flatten(2).transpose(1, 2);
    }

private:
    torch::nn::Conv2d gather{ nullptr }, project{ nullptr };
};
TORCH_MODULE(DownsampledLatents);

torch::nn::AnyModule image_projection(const XClipOptions& o)
{
    if (o.downsample_image_embeds)
        return torch::nn::AnyModule(DownsampledLatents(o.dim_image, o.dim_latent));
    return torch::nn::AnyModule(projection(o.dim_image, o.dim_latent));
}

std::shared_ptr<VisualSsl> visual_ssl_of(const XClipOptions& o, const ClipVisionTransformer& tower)
{
    constexpr std::int64_t simsiam_size = 256, simclr_size = 128;
    const bool simclr = o.visual_ssl_type == "simclr";
    const VisualSslOptions options{
        .dim = o.dim_image,
        .hidden_layer = o.visual_ssl_hidden_layer,
        .projection_size = o.visual_ssl_projection_size.value_or(simclr ? simclr_size : simsiam_size),
        .projection_hidden_size = o.visual_ssl_projection_hidden_size,
    };
    if (simclr)
        return std::make_shared<SimClrImpl>(tower, options, o.simclr_temperature);
    return std::make_shared<SimSiamImpl>(tower, options);
}

/// Positions (b, n) of texts (b, n), the first end token of each in front.
Tensor end_first(const Tensor& text, std::int64_t eos_id)
{
    const auto is_end = text == eos_id;
    if (!is_end.any(-1).all().item<bool>())
        throw UsageError("A text has no end token, which is " + std::to_string(eos_id)
                         + "; with clip.text_causal_mask every text must have one.");
    const auto end = is_end.to(torch::kInt).argmax(-1, /*keepdim=*/true); // (b, 1)
    return torch::arange(text.size(1), text.options())
        .expand_as(text)
        .scatter(1, end, -1)
        .argsort(std::int64_t{ -1 });
}

Tensor at_positions(const Tensor& encoded, const Tensor& positions) // (b, n, d), (b, m) -> (b, m, d)
{
    return encoded.gather(1, positions.unsqueeze(-1).expand({ -1, -1, encoded.size(2) }));
}

Tensor masked_mean(const Tensor& x, const Tensor& mask) // over the last dimension
{
    return x.masked_fill(mask.logical_not(), 0).sum(-1) / mask.sum(-1).clamp_min(1e-6);
}

/// log(sum of exp(x) + 1e-20) over the last dimension, the reference's, but without its overflow for large x.
Tensor log_sum(const Tensor& x)
{
    const auto least = torch::full({ x.size(0), 1 }, std::log(1e-20), x.options());
    return torch::cat({ x, least }, -1).logsumexp(-1);
}

/// -log(exp of the positive) + log(sum of all exp), mean over the rows of similarity (b, b).
Tensor contrastive(const Tensor& similarity, bool decoupled)
{
    const auto positive = similarity.diagonal().unsqueeze(-1); // (b, 1)
    const auto itself = torch::eye(similarity.size(0), similarity.options().dtype(torch::kBool));
    const auto all
        = decoupled ? similarity.masked_fill(itself, -std::numeric_limits<float>::infinity()) : similarity;
    return (log_sum(all) - log_sum(positive)).mean();
}

/// Mean squared difference of the two modalities' similarities off the diagonal, in each space they have.
Tensor similarity_regularisation(const ClipLatents& all)
{
    const auto off_diagonal
        = torch::eye(all.text.size(0), all.text.options().dtype(torch::kBool)).logical_not();
    const auto difference = [&](const Tensor& text, const Tensor& image) {
        return torch::mse_loss(text.matmul(text.t()).masked_select(off_diagonal),
                               image.matmul(image.t()).masked_select(off_diagonal));
    };
    const auto first = difference(all.text, all.image);
    return all.text_extra.defined() ? (first + difference(all.text_extra, all.image_extra)) / 2 : first;
}

/// work(), with or without gradients.
template <class Work>
Tensor learning(bool learns, Work work)
{
    const torch::AutoGradMode mode(torch::GradMode::is_enabled() && learns);
    return work();
}

Tensor with_views(const Tensor& first, const std::vector<Tensor>& others, const char* what)
{
    std::vector<Tensor> all{ first };
    for (const auto& other : others) {
        if (other.sizes() != first.sizes()) {
            std::ostringstream message;
            message << "A further view of the " << what << " has the shape " << other.sizes()
                    << " and the first one " << first.sizes() << "; they must be the same.";
            throw UsageError(message.str());
        }
        all.push_back(other);
    }
    return torch::cat(all); // (views * b, ...)
}

/// The latents of one view of the texts and one of the pictures.
ClipLatents pair_of_views(const ClipLatents& all, std::int64_t b, std::size_t text, std::size_t image)
{
    const auto view = [b](const Tensor& x, std::size_t which) {
        return x.defined() ? x.narrow(0, static_cast<std::int64_t>(which) * b, b) : x;
    };
    return { view(all.text, text), view(all.image, image), view(all.text_extra, text),
             view(all.image_extra, image) };
}

ClipLatents pair_of_all(const ClipLatents& own, const AllRows& all_rows)
{
    return { rows_of_all(all_rows, own.text), rows_of_all(all_rows, own.image),
             rows_of_all(all_rows, own.text_extra), rows_of_all(all_rows, own.image_extra) };
}

} // namespace

XClipImpl::XClipImpl(const XClipOptions& o)
    : options_(o)
{
    check(o);
    text_transformer = register_module(
        "text_transformer",
        ClipTextTransformer(
            ClipTransformerOptions{ .dim = o.dim_text,
                                    .depth = o.text_enc_depth,
                                    .dim_head = o.text_dim_head,
                                    .heads = o.text_heads,
                                    .causal = o.text_causal_mask,
                                    .checkpoint_during_training = o.checkpoint_during_training },
            o.num_text_tokens + (o.use_mlm ? 1 : 0), o.text_seq_len, o.text_rotary_pos_emb));
    visual_transformer = register_module(
        "visual_transformer",
        ClipVisionTransformer(
            ClipTransformerOptions{ .dim = o.dim_image,
                                    .depth = o.visual_enc_depth,
                                    .dim_head = o.visual_dim_head,
                                    .heads = o.visual_heads,
                                    .checkpoint_during_training = o.checkpoint_during_training },
            o.visual_image_size, o.visual_patch_size, o.channels, o.visual_patch_dropout));
    if (o.use_mlm)
        mlm = register_module(
            "mlm",
            Mlm(text_transformer,
                MlmOptions{ o.dim_text, o.num_text_tokens, o.mlm_mask_prob, o.mlm_replace_prob,
                            o.mlm_random_token_prob, o.mlm_mask_token_id,
                            o.mlm_pad_token_id.value_or(o.text_pad_id), o.mlm_mask_ignore_token_ids }));
    if (o.use_visual_ssl)
        visual_ssl = register_module("visual_ssl", visual_ssl_of(o, visual_transformer));
    to_text_latent = register_module("to_text_latent", projection(o.dim_text, o.dim_latent));
    to_visual_latent = image_projection(o);
    register_module("to_visual_latent", to_visual_latent.ptr());
    temperature = register_parameter("temperature", torch::tensor(1.));
    to_text_latent_extra = register_module("to_text_latent_extra", projection(o.dim_text, o.dim_latent));
    to_visual_latent_extra = image_projection(o);
    register_module("to_visual_latent_extra", to_visual_latent_extra.ptr());
}

TextFrame XClipImpl::text_frame() const
{
    return { {}, options_.text_causal_mask ? options_.text_eos_id : std::nullopt };
}

void XClipImpl::set_temperature(double log_scale)
{
    torch::NoGradGuard no_grad;
    temperature.fill_(log_scale);
}

Tensor XClipImpl::encode_text(const Tensor& text, const Tensor& mask)
{
    const auto encoded = text_transformer(text, options_.text_encode_without_mask ? Tensor() : mask);
    return options_.text_causal_mask ? at_positions(encoded, end_first(text, *options_.text_eos_id))
                                     : encoded;
}

/// Which rows of what encode_text() gives stand for tokens, not for padding: bool (b, rows).
Tensor XClipImpl::mask_of_encoded(const Tensor& text) const
{
    const auto mask = is_token(text);
    return options_.text_causal_mask
        ? mask.gather(1, end_first(text, *options_.text_eos_id))
        : torch::cat({ torch::ones({ text.size(0), 1 }, mask.options()), mask }, 1);
}

Tensor XClipImpl::encode_image(const Tensor& image, Noise* noise)
{
    return visual_transformer(image, noise);
}

ClipLatents XClipImpl::latents_of(const Tensor& encoded_text, const Tensor& encoded_image)
{
    const auto compared = [&](const Tensor& encoded, bool has_cls_token) {
        if (!options_.use_all_token_embeds)
            return encoded.select(1, 0); // (b, dim)
        return encoded.slice(1, has_cls_token ? 1 : 0); // (b, n, dim)
    };
    const auto text = compared(encoded_text, options_.text_has_cls_token);
    const auto image = compared(encoded_image, options_.visual_has_cls_token);
    ClipLatents latents{ l2norm(to_text_latent(text)), l2norm(to_visual_latent.forward(image)), {}, {} };
    if (options_.extra_latent_projection) {
        latents.text_extra = l2norm(to_text_latent_extra(text));
        latents.image_extra = l2norm(to_visual_latent_extra.forward(image));
    }
    return latents;
}

ClipLatents XClipImpl::latents(const Tensor& text, const Tensor& image)
{
    return latents_of(encode_text(text, is_token(text)), encode_image(image));
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

Tensor XClipImpl::loss(const Tensor& text, const Tensor& image, Noise& noise, const XClipExtras& extras)
{
    const auto& o = options_;
    const bool multiview = !extras.aug_text.empty() || !extras.aug_image.empty();
    const double text_weight = mlm ? o.text_ssl_loss_weight : 0;
    const double image_weight = visual_ssl ? o.image_ssl_loss_weight : 0;
    const double views_weight = multiview ? o.multiview_loss_weight : 0;
    if (multiview && views_weight <= 0)
        throw UsageError(
            "clip.multiview_loss_weight is 0 and there are further views to learn from; set it above "
            "0 or leave them out.");

    const auto mlm_loss
        = mlm ? mlm->loss(text, is_token(text), noise, extras.all_rows) : torch::zeros({}, image.options());
    const auto ssl_loss
        = visual_ssl ? visual_ssl_loss(image, noise, extras) : torch::zeros({}, image.options());
    const auto texts = with_views(text, extras.aug_text, "texts");
    const auto images = with_views(image, extras.aug_image, "pictures");
    const auto encoded_text
        = learning(!extras.freeze_text_encoder, [&] { return encode_text(texts, is_token(texts)); });
    const auto encoded_image
        = learning(!extras.freeze_image_encoder, [&] { return encode_image(images, &noise); });
    const auto all = latents_of(encoded_text, encoded_image);
    const auto masks = mask_of_encoded(texts).split(text.size(0));
    const auto pair = [&](std::size_t t, std::size_t i) {
        return pair_of_all(pair_of_views(all, text.size(0), t, i), extras.all_rows);
    };
    std::vector<Tensor> losses; // of the pairs of views, the originals' first
    for (std::size_t t = 0; t <= extras.aug_text.size(); ++t)
        for (std::size_t i = 0; i <= extras.aug_image.size(); ++i)
            losses.push_back(contrastive_loss(pair(t, i), rows_of_all(extras.all_rows, masks[t])));

    auto total = losses[0] * (1 - text_weight - image_weight - views_weight) + mlm_loss * text_weight
        + ssl_loss * image_weight;
    if (multiview)
        total = total + torch::stack(losses).slice(0, 1).mean() * views_weight;
    if (o.sim_reg_loss_weight > 0)
        total = total + similarity_regularisation(pair(0, 0)) * o.sim_reg_loss_weight;
    return total;
}

Tensor XClipImpl::visual_ssl_loss(const Tensor& image, Noise& noise, const XClipExtras& extras)
{
    if (extras.ssl_views)
        return visual_ssl->loss(extras.ssl_views->first, extras.ssl_views->second, noise, extras.all_rows);
    const auto view1 = augment(image, noise), view2 = augment(image, noise);
    return visual_ssl->loss(view1, view2, noise, extras.all_rows);
}

Tensor XClipImpl::loss_to_embeds(const Tensor& text, const Tensor& image_embed, Noise& noise,
                                 const AllRows& all_rows)
{
    if (options_.use_all_token_embeds || options_.extra_latent_projection || visual_ssl)
        throw UsageError("The text tower alone can't be trained with use_all_token_embeds, "
                         "extra_latent_projection or use_visual_ssl; set them to false.");
    const double text_weight = mlm ? options_.text_ssl_loss_weight : 0;
    const auto mlm_loss
        = mlm ? mlm->loss(text, is_token(text), noise, all_rows) : torch::zeros({}, image_embed.options());
    const auto text_embed = l2norm(to_text_latent(encode_text(text, is_token(text)).select(1, 0)));
    const auto pair = pair_of_all({ text_embed, image_embed, {}, {} }, all_rows);
    const auto contrast = contrastive_loss(pair, rows_of_all(all_rows, mask_of_encoded(text)));
    return contrast * (1 - text_weight) + mlm_loss * text_weight;
}

/// `mask` is mask_of_encoded() of the texts.
Tensor XClipImpl::contrastive_loss(const ClipLatents& all, const Tensor& mask) const
{
    const auto scaled = [temp = temperature.exp()](const Tensor& x) { return x.to(torch::kFloat32) * temp; };
    const bool extra = options_.extra_latent_projection;
    const auto& text2 = extra ? all.text_extra : all.text;
    const auto& image2 = extra ? all.image_extra : all.image;
    Tensor text_to_image, image_to_text; // (b texts, b images) and (b images, b texts)
    if (options_.use_all_token_embeds) {
        const auto tokens = [&](const Tensor& t, const Tensor& i) {
            return scaled(torch::einsum("xtd,yid->xyti", { t, i })); // (texts, images, tokens, patches)
        };
        const auto is_token
            = mask.slice(1, options_.text_has_cls_token ? 1 : 0).unsqueeze(1); // (b, 1, tokens)
        text_to_image = masked_mean(tokens(all.text, all.image).amax(-1), is_token);
        image_to_text
            = tokens(text2, image2)
                  .to(torch::kFloat32) // what masks it is beyond bf16
                  .masked_fill(is_token.logical_not().unsqueeze(-1), -std::numeric_limits<float>::max())
                  .amax(-2)
                  .mean(-1);
    } else {
        text_to_image = scaled(all.text.matmul(all.image.t()));
        image_to_text = scaled(image2.matmul(text2.t()));
    }
    const bool decoupled = options_.decoupled_contrastive_learning;
    return (contrastive(text_to_image, decoupled) + contrastive(image_to_text, decoupled)) / 2;
}

EmbeddedText XClipImpl::embed_text(const Tensor& text)
{
    const auto ids = text.slice(-1, 0, options_.text_seq_len);
    const auto encoded = text_transformer(ids); // padding is attended to
    const bool causal = options_.text_causal_mask;
    const auto whole = causal ? at_positions(encoded, end_first(ids, *options_.text_eos_id)).select(1, 0)
                              : encoded.select(1, 0);
    const auto encodings = causal ? encoded : encoded.slice(1, 1); // (b, n, dim)
    return { l2norm(to_text_latent(whole)), encodings.masked_fill((ids == 0).unsqueeze(-1), 0.) };
}

EmbeddedImage XClipImpl::embed_image(const Tensor& image, Noise* noise)
{
    const auto encoded = visual_transformer(resized(image), noise);
    const auto cls = encoded.select(1, 0), patches = encoded.slice(1, 1);
    const auto embed = options_.downsample_image_embeds
        ? to_visual_latent.forward(options_.visual_has_cls_token ? patches : encoded).mean(1)
        : to_visual_latent.forward(cls);
    return { l2norm(embed), patches };
}

} // namespace reverie
