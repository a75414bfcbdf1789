// SPDX-License-Identifier: MIT
#include "core/models/openai_clip.h"

#include "core/base/error.h"
#include "core/nn/modified_resnet.h"
#include "core/nn/normalization.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

namespace {

constexpr std::int64_t head_width = 64;
constexpr std::int64_t resnet_features = 32; ///< channels of a ResNet's last stage over its width

ClipArchitecture architecture_of(const OpenAiClipOptions& o)
{
    ClipArchitecture a;
    a.embed_dim = o.embed_dim;
    a.image_size = o.image_resolution;
    if (o.vision_layers.is_list())
        a.resnet_layers = o.vision_layers.values();
    else if (!o.vision_patch_size)
        throw UsageError("clip.vision_layers is one number and clip.vision_patch_size is not set; a vision "
                         "transformer needs it, and a ResNet a list of four numbers.");
    else
        a.patch_size = *o.vision_patch_size;
    a.image_tower = o.vision_layers.is_list() || o.vision_layers.at(0) > 0;
    a.normalize_embeds = o.normalize_embeds;
    const auto features = o.vision_width * (o.vision_layers.is_list() ? resnet_features : 1);
    if (features < head_width || features % head_width != 0)
        throw UsageError("clip.vision_width is " + std::to_string(o.vision_width)
                         + " and a head has 64 channels; it must be a multiple of "
                         + (o.vision_layers.is_list() ? "2." : "64."));
    a.vision = { .width = o.vision_width,
                 .layers = o.vision_layers.is_list() ? 0 : o.vision_layers.at(0),
                 .heads = features / head_width };
    a.text = { .width = o.transformer_width,
               .layers = o.transformer_layers,
               .heads = o.transformer_heads,
               .causal = true };
    a.context_length = o.context_length;
    a.vocab_size = o.vocab_size;
    a.start_id = o.start_id;
    a.eos_id = o.eos_id;
    return a;
}

void check_tower(const char* tower, std::int64_t width, std::int64_t heads)
{
    if (width < 1 || heads < 1 || width % heads != 0)
        throw UsageError("The " + std::string(tower) + " tower of the CLIP is " + std::to_string(width)
                         + " wide and has " + std::to_string(heads)
                         + " heads; the width must be a multiple of the heads.");
}

void check(const ClipArchitecture& a)
{
    check_tower("text", a.text.width, a.text.heads);
    const bool resnet = !a.resnet_layers.empty();
    check_tower("image", a.vision.width * (resnet ? resnet_features : 1), a.vision.heads);
    if (resnet && a.resnet_layers.size() != 4)
        throw UsageError("The ResNet of the CLIP has " + std::to_string(a.resnet_layers.size())
                         + " numbers of layers; give 4, one for each stage.");
    if (resnet && (a.image_size < 32 || a.image_size % 32 != 0))
        throw UsageError(
            "The CLIP's pictures are " + std::to_string(a.image_size)
            + " pixels a side and its ResNet makes them 32 times smaller; choose a multiple of 32.");
    if (!resnet && (a.patch_size < 1 || a.image_size < a.patch_size))
        throw UsageError("The CLIP's pictures are " + std::to_string(a.image_size)
                         + " pixels a side and its patches " + std::to_string(a.patch_size)
                         + "; a picture must hold at least one patch.");
    if (a.context_length < 1 || a.vocab_size < 2)
        throw UsageError("The CLIP reads " + std::to_string(a.context_length) + " of "
                         + std::to_string(a.vocab_size) + " tokens; it must read at least 1 of 2.");
    for (const auto& id : { a.start_id, a.eos_id })
        if (id && (*id < 0 || *id >= a.vocab_size))
            throw UsageError("The id " + std::to_string(*id) + " stands around texts and the CLIP knows "
                             + std::to_string(a.vocab_size) + " tokens; it must be one of them.");
}

/// N(0, 1 / width), the scale of projections from that width.
Tensor random_weights(at::IntArrayRef shape, std::int64_t width)
{
    return torch::randn(shape) / std::sqrt(static_cast<double>(width));
}

torch::nn::LayerNorm layer_norm(std::int64_t width)
{
    return torch::nn::LayerNorm(torch::nn::LayerNormOptions({ width }));
}

} // namespace

VisionTransformerImpl::VisionTransformerImpl(const ClipArchitecture& a)
{
    const auto width = a.vision.width, side = a.image_size / a.patch_size;
    conv1 = register_module(
        "conv1",
        torch::nn::Conv2d(torch::nn::Conv2dOptions(3, width, a.patch_size).stride(a.patch_size).bias(false)));
    class_embedding = register_parameter("class_embedding", random_weights({ width }, width));
    positional_embedding
        = register_parameter("positional_embedding", random_weights({ side * side + 1, width }, width));
    ln_pre = register_module("ln_pre", layer_norm(width));
    transformer = register_module("transformer", ResidualAttentionTransformer(a.vision));
    ln_post = register_module("ln_post", layer_norm(width));
    proj = register_parameter("proj", random_weights({ width, a.embed_dim }, width));
}

Tensor VisionTransformerImpl::forward(const Tensor& image)
{
    const auto patches = conv1(image).flatten(2).transpose(1, 2); // (b, n, width)
    const auto first = class_embedding.expand({ patches.size(0), 1, -1 });
    const auto x = torch::cat({ first, patches }, 1) + positional_embedding; // (b, 1 + n, width)
    const auto encoded = transformer(ln_pre(x));
    return ln_post(encoded.select(1, 0)).matmul(proj); // (b, embed_dim)
}

OpenAiClipImpl::OpenAiClipImpl(const OpenAiClipOptions& options)
    : OpenAiClipImpl(architecture_of(options))
{
}

OpenAiClipImpl::OpenAiClipImpl(const ClipArchitecture& a)
    : architecture_(a)
{
    check(a);
    if (!a.image_tower)
        visual = {};
    else if (a.resnet_layers.empty())
        visual = torch::nn::AnyModule(VisionTransformer(a));
    else
        visual = torch::nn::AnyModule(ModifiedResNet(ModifiedResNetOptions{
            a.resnet_layers, a.vision.width, a.vision.heads, a.image_size, a.embed_dim }));
    if (!visual.is_empty())
        register_module("visual", visual.ptr());
    const auto width = a.text.width;
    transformer = register_module("transformer", ResidualAttentionTransformer(a.text));
    token_embedding = register_module("token_embedding", torch::nn::Embedding(a.vocab_size, width));
    positional_embedding
        = register_parameter("positional_embedding", torch::randn({ a.context_length, width }) * 0.01);
    ln_final = register_module("ln_final", layer_norm(width));
    text_projection = register_parameter("text_projection", random_weights({ width, a.embed_dim }, width));
    logit_scale = register_parameter("logit_scale", torch::tensor(std::log(1 / 0.07), torch::kFloat32));
    const torch::NoGradGuard no_grad;
    token_embedding->weight.mul_(0.02);
}

TextFrame OpenAiClipImpl::text_frame() const
{
    return { architecture_.start_id.value_or(architecture_.vocab_size - 2),
             architecture_.eos_id.value_or(architecture_.vocab_size - 1) };
}

void OpenAiClipImpl::require_image_tower() const
{
    if (visual.is_empty())
        throw UsageError(
            "The CLIP of this model has no image tower, so it can't look at pictures; import the "
            "model with a whole CLIP.");
}

Tensor OpenAiClipImpl::encode_image(const Tensor& image)
{
    require_image_tower();
    return visual.forward(image);
}

Tensor OpenAiClipImpl::encode_tokens(const Tensor& text)
{
    const auto x = token_embedding(text) + positional_embedding.slice(0, 0, text.size(1));
    return ln_final(transformer(x)); // (b, n, width)
}

Tensor OpenAiClipImpl::projected(const Tensor& tokens, const Tensor& text) const
{
    const auto end = text.argmax(-1).view({ -1, 1, 1 }).expand({ -1, 1, tokens.size(2) });
    return tokens.gather(1, end).squeeze(1).matmul(text_projection); // (b, embed_dim)
}

Tensor OpenAiClipImpl::encode_text(const Tensor& text)
{
    return projected(encode_tokens(text), text);
}

Tensor OpenAiClipImpl::logits_per_image(const Tensor& image, const Tensor& text)
{
    return logit_scale.exp() * l2norm(encode_image(image)).matmul(l2norm(encode_text(text)).t());
}

Tensor OpenAiClipImpl::normalized(const Tensor& image)
{
    const auto channels = [&](double r, double g, double b) {
        return torch::tensor({ r, g, b }, image.options()).view({ 3, 1, 1 });
    };
    return (image - channels(0.48145466, 0.4578275, 0.40821073))
        / channels(0.26862954, 0.26130258, 0.27577711);
}

Tensor OpenAiClipImpl::at_length(const Tensor& embed) const
{
    return architecture_.normalize_embeds ? l2norm(embed) : embed.to(torch::kFloat32);
}

EmbeddedText OpenAiClipImpl::embed_text(const Tensor& text)
{
    const auto ids = text.slice(-1, 0, architecture_.context_length);
    const auto is_end = (ids == *text_frame().end).to(torch::kInt64);
    const auto up_to_end = is_end.cumsum(-1) - is_end == 0; // (b, n), the end among them
    const auto tokens = encode_tokens(ids);
    const auto read = architecture_.normalize_embeds ? up_to_end.logical_and(ids != 0) : up_to_end;
    const auto padding = read.logical_not();
    return { at_length(projected(tokens, ids)), tokens.masked_fill(padding.unsqueeze(-1), 0.) };
}

EmbeddedImage OpenAiClipImpl::embed_image(const Tensor& image, Noise* /*noise*/)
{
    require_image_tower(); // before its size is asked for
    return { at_length(encode_image(normalized(resized(image)))), {} };
}

} // namespace reverie
