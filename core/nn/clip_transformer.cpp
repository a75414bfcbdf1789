// SPDX-License-Identifier: MIT
#include "core/nn/clip_transformer.h"

#include "core/nn/activation_checkpoint.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace reverie {

namespace {

/// Stands where the reference has a parameterless layer, so that the next one keeps its index.
class PlaceImpl : public torch::nn::Module
{
public:
    Tensor forward(const Tensor& x) { return x; }
};
TORCH_MODULE(Place);

/// A norm and the layer it precedes, under the names of the checkpoint.
template <class Layer>
std::shared_ptr<torch::nn::Module> pre_norm(const LayerNorm& norm, const Layer& layer)
{
    auto module = std::make_shared<torch::nn::Module>();
    module->register_module("norm", norm.ptr());
    module->register_module("fn", layer);
    return module;
}

/// Rotation of channel halves (x1, x2) -> (-x2, x1) by `angle` (n, r); channels past r pass.
Tensor rotated(const Tensor& x, const Tensor& angle)
{
    const auto r = angle.size(-1);
    const auto turned = x.narrow(-1, 0, r);
    const auto halves = turned.chunk(2, -1);
    const auto result = turned * angle.cos() + torch::cat({ -halves[1], halves[0] }, -1) * angle.sin();
    return r == x.size(-1) ? result : torch::cat({ result, x.slice(-1, r) }, -1);
}

Tensor to_patches(const Tensor& image, std::int64_t p) // (b, c, h, w) -> (b, h/p * w/p, p*p*c)
{
    const auto b = image.size(0), c = image.size(1), rows = image.size(2) / p, columns = image.size(3) / p;
    return image.reshape({ b, c, rows, p, columns, p })
        .permute({ 0, 2, 4, 3, 5, 1 })
        .reshape({ b, rows * columns, p * p * c });
}

} // namespace

ClipAttentionImpl::ClipAttentionImpl(const ClipTransformerOptions& o)
    : options_(o)
    , to_qkv(register_module(
          "to_qkv", torch::nn::Linear(torch::nn::LinearOptions(o.dim, o.heads * o.dim_head * 3).bias(false))))
    , to_out(register_module(
          "to_out",
          torch::nn::Sequential(
              torch::nn::Linear(torch::nn::LinearOptions(o.heads * o.dim_head, o.dim).bias(false)),
              LayerNorm(o.dim))))
{
}

Tensor ClipAttentionImpl::forward(const Tensor& x, const Tensor& mask, const Tensor& rotary)
{
    const auto b = x.size(0), n = x.size(1);
    const auto qkv
        = to_qkv(x).view({ b, n, 3, options_.heads, options_.dim_head }).permute({ 2, 0, 3, 1, 4 });
    auto q = qkv[0] / std::sqrt(static_cast<double>(options_.dim_head)), k = qkv[1],
         v = qkv[2]; // (b, h, n, d)
    if (rotary.defined()) {
        q = rotated(q, rotary);
        k = rotated(k, rotary);
        v = rotated(v, rotary);
    }
    auto logits = q.matmul(k.transpose(-2, -1)).to(torch::kFloat32); // (b, h, n, n)
    const auto lowest = -std::numeric_limits<float>::max();
    if (mask.defined())
        logits = logits.masked_fill(mask.logical_not().unsqueeze(1).unsqueeze(1), lowest);
    if (options_.causal)
        logits
            = logits.masked_fill(torch::ones({ n, n }, logits.options().dtype(torch::kBool)).triu(1), lowest);
    const auto attn = torch::softmax(logits, -1).to(v.scalar_type());
    return to_out->forward(attn.matmul(v).transpose(1, 2).flatten(-2)); // (b, n, dim)
}

ClipTransformerImpl::ClipTransformerImpl(const ClipTransformerOptions& o)
    : checkpoint_during_training_(o.checkpoint_during_training)
    , norm_in(register_module("norm_in", LayerNorm(o.dim)))
    , norm_out(register_module("norm_out", LayerNorm(o.dim)))
{
    auto layers = register_module("layers", torch::nn::ModuleList());
    for (std::int64_t l = 0; l < o.depth; ++l) {
        const Layer layer{ LayerNorm(o.dim), LayerNorm(o.dim), ClipAttention(o),
                           geglu_feed_forward(o.dim, o.ff_mult, 0) };
        auto feed_forward = std::make_shared<torch::nn::Module>();
        feed_forward->register_module("net", layer.feed_forward.ptr());
        torch::nn::ModuleList pair;
        pair->push_back(pre_norm(layer.attn_norm, layer.attn.ptr()));
        pair->push_back(pre_norm(layer.feed_forward_norm, feed_forward));
        layers->push_back(pair);
        layers_.push_back(layer);
    }
}

Tensor ClipTransformerImpl::Layer::operator()(const Tensor& input, const Tensor& mask, const Tensor& rotary)
{
    const auto x = attn(attn_norm(input), mask, rotary) + input;
    return feed_forward->forward(feed_forward_norm(x)) + x;
}

std::vector<Tensor> ClipTransformerImpl::Layer::trained_parameters() const
{
    std::vector<Tensor> all;
    for (const torch::nn::Module* part : std::initializer_list<const torch::nn::Module*>{
             attn_norm.get(), attn.get(), feed_forward_norm.get(), feed_forward.get() })
        for (const auto& parameter : part->parameters())
            if (parameter.requires_grad())
                all.push_back(parameter);
    return all;
}

Tensor ClipTransformerImpl::forward(const Tensor& input, const Tensor& mask, const Tensor& rotary)
{
    const bool checkpoint = checkpoint_during_training_ && is_training() && torch::GradMode::is_enabled();
    auto x = norm_in(input);
    for (auto& layer : layers_) {
        const auto apply = [layer, mask, rotary](const Tensor& y) mutable { return layer(y, mask, rotary); };
        x = checkpoint ? checkpointed(apply, x, layer.trained_parameters()) : layer(x, mask, rotary);
    }
    return norm_out(x);
}

ClipTextTransformerImpl::ClipTextTransformerImpl(const ClipTransformerOptions& o, std::int64_t num_tokens,
                                                 std::int64_t max_seq_len, bool rotary_pos_emb)
    : token_emb(register_module("token_emb", torch::nn::Embedding(num_tokens, o.dim)))
{
    if (rotary_pos_emb) {
        const auto dim = std::min<std::int64_t>(o.dim_head, 32);
        auto rotary = register_module("rotary_pos_emb", std::make_shared<torch::nn::Module>());
        const auto exponent = torch::arange(0, dim, 2).to(torch::kFloat32) / dim;
        inv_freq = rotary->register_buffer("inv_freq", torch::pow(10000., exponent).reciprocal());
    } else {
        abs_pos_emb = register_module("abs_pos_emb", torch::nn::Embedding(max_seq_len, o.dim));
    }
    if (!o.causal)
        cls_token = register_parameter("cls_token", torch::randn({ o.dim }));
    transformer = register_module("transformer", ClipTransformer(o));
}

Tensor ClipTextTransformerImpl::forward(const Tensor& text, const Tensor& mask)
{
    const auto b = text.size(0), n = text.size(1);
    auto x = token_emb(text); // (b, n, dim)
    if (abs_pos_emb)
        x = x + abs_pos_emb(torch::arange(n, text.options()));
    auto keep = mask;
    if (cls_token.defined()) {
        x = torch::cat({ cls_token.expand({ b, 1, -1 }), x }, 1); // (b, 1 + n, dim)
        if (mask.defined())
            keep = torch::cat({ torch::ones({ b, 1 }, mask.options()), mask }, 1);
    }
    Tensor rotary;
    if (inv_freq.defined()) {
        const auto angle = torch::outer(torch::arange(x.size(1), inv_freq.options()), inv_freq);
        rotary = torch::cat({ angle, angle }, -1);
    }
    return transformer(x, keep, rotary);
}

ClipVisionTransformerImpl::ClipVisionTransformerImpl(const ClipTransformerOptions& o, std::int64_t image_size,
                                                     std::int64_t patch_size, std::int64_t channels,
                                                     double patch_dropout)
    : patch_size_(patch_size)
    , patch_dropout_(patch_dropout)
    , to_tokens(register_module(
          "to_tokens",
          torch::nn::Sequential(Place(), torch::nn::Linear(patch_size * patch_size * channels, o.dim))))
    , to_cls_tokens(register_module(
          "to_cls_tokens",
          torch::nn::Sequential(Place(),
                                torch::nn::Linear(torch::nn::LinearOptions(o.dim, o.dim).bias(false)))))
{
    const auto patches = (image_size / patch_size) * (image_size / patch_size);
    pos_emb = register_module("pos_emb", torch::nn::Embedding(patches, o.dim));
    transformer = register_module("transformer", ClipTransformer(o));
}

std::int64_t ClipVisionTransformerImpl::kept_in_training(std::int64_t patches) const
{
    return std::max<std::int64_t>(
        1, static_cast<std::int64_t>(static_cast<double>(patches) * (1 - patch_dropout_)));
}

ClipVisionTransformerImpl::Stages ClipVisionTransformerImpl::stages(const Tensor& image, Noise* noise)
{
    const auto tokens = to_tokens->forward(to_patches(image, patch_size_)); // (b, patches, dim)
    auto x = tokens + pos_emb->weight.slice(0, 0, tokens.size(1));
    if (is_training() && noise && patch_dropout_ > 0) {
        const auto draws = noise->normal({ x.size(0), x.size(1) }).to(x.device());
        const auto chosen = std::get<1>(draws.topk(kept_in_training(x.size(1)), -1)); // (b, m)
        x = x.gather(1, chosen.unsqueeze(-1).expand({ -1, -1, x.size(2) }));
    }
    const auto encodings = transformer(x); // (b, m, dim)
    const auto cls = to_cls_tokens->forward(encodings.mean(1)).unsqueeze(1); // (b, 1, dim)
    return { tokens, x, encodings, cls };
}

Tensor ClipVisionTransformerImpl::forward(const Tensor& image, Noise* noise)
{
    const auto all = stages(image, noise);
    return torch::cat({ all.cls, all.encodings }, 1); // (b, 1 + m, dim)
}

} // namespace reverie
