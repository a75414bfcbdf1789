// SPDX-License-Identifier: MIT
#include "core/models/vqgan_encoder_decoder.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

namespace {

using torch::nn::GELU, torch::nn::LayerNorm, torch::nn::LayerNormOptions, torch::nn::Linear,
    torch::nn::LinearOptions, torch::nn::ModuleList, torch::nn::Sequential, torch::nn::Tanh;

LayerNorm layer_norm(std::int64_t dim)
{
    return LayerNorm(LayerNormOptions({ dim }));
}

Linear linear_without_bias(std::int64_t dim, std::int64_t dim_out)
{
    return Linear(LinearOptions(dim, dim_out).bias(false));
}

class VitAttentionImpl : public torch::nn::Module
{
public:
    VitAttentionImpl(std::int64_t dim, std::int64_t dim_head, std::int64_t heads)
        : heads_(heads)
        , scale_(1 / std::sqrt(static_cast<double>(dim_head)))
        , norm(register_module("norm", layer_norm(dim)))
        , to_qkv(register_module("to_qkv", linear_without_bias(dim, heads * dim_head * 3)))
        , to_out(register_module("to_out", Linear(heads * dim_head, dim)))
    {
    }

    Tensor forward(const Tensor& x) // (b, n, dim)
    {
        const auto b = x.size(0), n = x.size(1);
        const auto qkv = to_qkv(norm(x)).view({ b, n, 3, heads_, -1 }).permute({ 2, 0, 3, 1, 4 });
        const auto q = qkv[0] * scale_, k = qkv[1], v = qkv[2]; // (b, h, n, d)
        const auto attn = q.matmul(k.transpose(-2, -1)).softmax(-1); // (b, h, n, n)
        return to_out(attn.matmul(v).transpose(1, 2).flatten(-2));
    }

private:
    std::int64_t heads_;
    double scale_;
    LayerNorm norm{ nullptr };
    Linear to_qkv{ nullptr }, to_out{ nullptr };
};
TORCH_MODULE(VitAttention);

class VitTransformerImpl : public torch::nn::Module
{
public:
    explicit VitTransformerImpl(const VQGanVAEOptions& o)
        : norm(register_module("norm", layer_norm(o.dim)))
    {
        auto layers = register_module("layers", ModuleList());
        for (std::int64_t i = 0; i < o.layers; ++i) {
            const auto inner = o.dim * o.encdec_ff_mult;
            const Layer layer{ VitAttention(o.dim, o.encdec_dim_head, o.encdec_heads),
                               Sequential(layer_norm(o.dim), linear_without_bias(o.dim, inner), GELU(),
                                          linear_without_bias(inner, o.dim)) };
            layers->push_back(ModuleList(layer.attention, layer.feed_forward));
            layers_.push_back(layer);
        }
    }

    Tensor forward(Tensor x) // (b, n, dim)
    {
        for (auto& layer : layers_) {
            x = layer.attention(x) + x;
            x = layer.feed_forward->forward(x) + x;
        }
        return norm(x);
    }

private:
    struct Layer {
        VitAttention attention{ nullptr };
        Sequential feed_forward{ nullptr };
    };
    LayerNorm norm{ nullptr };
    std::vector<Layer> layers_;
};
TORCH_MODULE(VitTransformer);

/// Its numbered members keep the places that parameterless layers leave in the reference.
class VitEncoderDecoder : public VqganEncoderDecoder
{
public:
    explicit VitEncoderDecoder(const VQGanVAEOptions& o)
        : dim_(o.dim)
        , patch_(o.encdec_patch_size)
        , channels_(o.channels)
    {
        const auto patch_dim = o.channels * patch_ * patch_;
        auto encoder = register_module("encoder", std::make_shared<torch::nn::Module>());
        to_tokens_ = encoder->register_module("1", Linear(patch_dim, o.dim));
        encoder_ = encoder->register_module("2", VitTransformer(o));
        to_patches_ = linear_without_bias(o.dim * 4, patch_dim);
        auto decoder = register_module("decoder", std::make_shared<torch::nn::Module>());
        decoder_ = decoder->register_module("1", VitTransformer(o));
        head_ = decoder->register_module(
            "2", Sequential(linear_without_bias(o.dim, o.dim * 4), Tanh(), to_patches_));
    }

    Tensor encode(const Tensor& image) override // (b, c, H, W) -> (b, dim, h, w)
    {
        const auto b = image.size(0), h = image.size(2) / patch_, w = image.size(3) / patch_;
        const auto patches = image.reshape({ b, channels_, h, patch_, w, patch_ })
                                 .permute({ 0, 2, 4, 3, 5, 1 })
                                 .reshape({ b, h * w, -1 }); // (b, h * w, p * p * c)
        return encoder_(to_tokens_(patches)).transpose(1, 2).reshape({ b, dim_, h, w });
    }

    Tensor decode(const Tensor& features) override
    {
        const auto b = features.size(0), h = features.size(2), w = features.size(3);
        const auto patches = head_->forward(decoder_(features.flatten(2).transpose(1, 2)));
        return patches.reshape({ b, h, w, patch_, patch_, channels_ })
            .permute({ 0, 5, 1, 3, 2, 4 })
            .reshape({ b, channels_, h * patch_, w * patch_ });
    }

    [[nodiscard]] std::int64_t encoded_dim() const override { return dim_; }
    [[nodiscard]] std::int64_t downsampling() const override { return patch_; }
    [[nodiscard]] Tensor last_layer() const override { return to_patches_->weight; }

private:
    std::int64_t dim_, patch_, channels_;
    Linear to_tokens_{ nullptr }, to_patches_{ nullptr };
    VitTransformer encoder_{ nullptr }, decoder_{ nullptr };
    Sequential head_{ nullptr };
};

} // namespace

std::shared_ptr<VqganEncoderDecoder> vit_encoder_decoder(const VQGanVAEOptions& options)
{
    return std::make_shared<VitEncoderDecoder>(options);
}

} // namespace reverie
