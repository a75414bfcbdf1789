// SPDX-License-Identifier: MIT
#include "core/nn/modified_resnet.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

namespace {

constexpr std::int64_t expansion = 4;

torch::nn::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1)
{
    return torch::nn::Conv2d(
        torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

Tensor averaged(const Tensor& x, std::int64_t stride)
{
    return stride > 1 ? torch::avg_pool2d(x, stride) : x;
}

} // namespace

BottleneckImpl::BottleneckImpl(std::int64_t in, std::int64_t planes, std::int64_t stride)
    : stride_(stride)
    , conv1(register_module("conv1", conv(in, planes, 1)))
    , conv2(register_module("conv2", conv(planes, planes, 3)))
    , conv3(register_module("conv3", conv(planes, planes * expansion, 1)))
    , bn1(register_module("bn1", torch::nn::BatchNorm2d(planes)))
    , bn2(register_module("bn2", torch::nn::BatchNorm2d(planes)))
    , bn3(register_module("bn3", torch::nn::BatchNorm2d(planes * expansion)))
{
    if (stride == 1 && in == planes * expansion)
        return;
    auto downsample = register_module("downsample", std::make_shared<torch::nn::Module>());
    shortcut_conv = downsample->register_module("0", conv(in, planes * expansion, 1));
    shortcut_norm = downsample->register_module("1", torch::nn::BatchNorm2d(planes * expansion));
}

Tensor BottleneckImpl::forward(const Tensor& input)
{
    auto x = torch::relu(bn1(conv1(input))); // (b, planes, h, w)
    x = torch::relu(bn2(conv2(x)));
    x = bn3(conv3(averaged(x, stride_))); // (b, 4 planes, h / stride, w / stride)
    const auto shortcut = shortcut_conv ? shortcut_norm(shortcut_conv(averaged(input, stride_))) : input;
    return torch::relu(x + shortcut);
}

AttentionPool2dImpl::AttentionPool2dImpl(std::int64_t side, std::int64_t dim, std::int64_t heads,
                                         std::int64_t output_dim)
    : heads_(heads)
    , positional_embedding(
          register_parameter("positional_embedding",
                             torch::randn({ side * side + 1, dim }) / std::sqrt(static_cast<double>(dim))))
    , q_proj(register_module("q_proj", torch::nn::Linear(dim, dim)))
    , k_proj(register_module("k_proj", torch::nn::Linear(dim, dim)))
    , v_proj(register_module("v_proj", torch::nn::Linear(dim, dim)))
    , c_proj(register_module("c_proj", torch::nn::Linear(dim, output_dim)))
{
}

Tensor AttentionPool2dImpl::forward(const Tensor& fmap)
{
    const auto pixels = fmap.flatten(2).transpose(1, 2); // (b, n, dim)
    const auto x = torch::cat({ pixels.mean(1, /*keepdim=*/true), pixels }, 1) + positional_embedding;
    const auto by_head = [&](const Tensor& y) { // (b, n, dim) -> (b, h, n, d)
        return y.unflatten(-1, { heads_, y.size(-1) / heads_ }).transpose(1, 2);
    };
    const auto q = by_head(q_proj(x.slice(1, 0, 1))), k = by_head(k_proj(x)), v = by_head(v_proj(x));
    const auto logits = q.matmul(k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
    const auto attn = torch::softmax(logits, -1, torch::kFloat32).to(v.scalar_type()); // (b, h, 1, 1 + n)
    return c_proj(attn.matmul(v).flatten(1)); // (b, output_dim)
}

ModifiedResNetImpl::ModifiedResNetImpl(const ModifiedResNetOptions& o)
    : conv1(register_module("conv1", conv(3, o.width / 2, 3, 2)))
    , conv2(register_module("conv2", conv(o.width / 2, o.width / 2, 3)))
    , conv3(register_module("conv3", conv(o.width / 2, o.width, 3)))
    , bn1(register_module("bn1", torch::nn::BatchNorm2d(o.width / 2)))
    , bn2(register_module("bn2", torch::nn::BatchNorm2d(o.width / 2)))
    , bn3(register_module("bn3", torch::nn::BatchNorm2d(o.width)))
{
    auto in = o.width;
    for (std::size_t stage = 0; stage < o.layers.size(); ++stage) {
        auto layer = register_module("layer" + std::to_string(stage + 1), torch::nn::ModuleList());
        const auto planes = o.width << stage;
        for (std::int64_t i = 0; i < o.layers[stage]; ++i) {
            blocks_.emplace_back(in, planes, i == 0 && stage > 0 ? 2 : 1);
            layer->push_back(blocks_.back());
            in = planes * expansion;
        }
    }
    constexpr std::int64_t shrinks = 32;
    attnpool
        = register_module("attnpool", AttentionPool2d(o.image_size / shrinks, in, o.heads, o.output_dim));
}

Tensor ModifiedResNetImpl::forward(const Tensor& image)
{
    auto x = torch::relu(bn1(conv1(image))); // (b, width / 2, size / 2, size / 2)
    x = torch::relu(bn2(conv2(x)));
    x = torch::relu(bn3(conv3(x)));
    x = averaged(x, 2); // (b, width, size / 4, size / 4)
    for (auto& block : blocks_)
        x = block(x);
    return attnpool(x); // from (b, 32 width, size / 32, size / 32)
}

} // namespace reverie
