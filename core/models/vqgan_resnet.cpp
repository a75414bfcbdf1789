// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/models/vqgan_encoder_decoder.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

namespace {

using torch::nn::AnyModule, torch::nn::Conv2d, torch::nn::Conv2dOptions, torch::nn::GLU,
    torch::nn::GLUOptions, torch::nn::GroupNorm, torch::nn::LeakyReLU, torch::nn::LeakyReLUOptions,
    torch::nn::Linear, torch::nn::Sequential;

constexpr double slope = 0.1; ///< of every leaky ReLU

LeakyReLU leaky_relu()
{
    return LeakyReLU(LeakyReLUOptions().negative_slope(slope));
}

/// A convolution (or its transpose) of stride 2 and a leaky ReLU.
template <class Conv, class Options>
class StridedImpl : public torch::nn::Module
{
public:
    StridedImpl(std::int64_t dim, std::int64_t dim_out)
        : conv(register_module("0", Conv(Options(dim, dim_out, 4).stride(2).padding(1))))
    {
    }
    Tensor forward(const Tensor& x) { return torch::leaky_relu(conv->forward(x), slope); }

private:
    Conv conv{ nullptr };
};
using Halving = StridedImpl<Conv2d, Conv2dOptions>;
using Doubling = StridedImpl<torch::nn::ConvTranspose2d, torch::nn::ConvTranspose2dOptions>;

class ResBlockImpl : public torch::nn::Module
{
public:
    ResBlockImpl(std::int64_t dim, std::int64_t groups)
        : net(register_module(
            "net",
            Sequential(Conv2d(Conv2dOptions(dim, dim, 3).padding(1)), GroupNorm(groups, dim), leaky_relu(),
                       Conv2d(Conv2dOptions(dim, dim, 3).padding(1)), GroupNorm(groups, dim), leaky_relu(),
                       Conv2d(Conv2dOptions(dim, dim, 1)))))
    {
    }
    Tensor forward(const Tensor& x) { return net->forward(x) + x; }

private:
    Sequential net{ nullptr };
};
TORCH_MODULE(ResBlock);

class GluResBlockImpl : public torch::nn::Module
{
public:
    GluResBlockImpl(std::int64_t dim, std::int64_t groups)
        : net(register_module(
            "net",
            Sequential(Conv2d(Conv2dOptions(dim, dim * 2, 3).padding(1)), GLU(GLUOptions(1)),
                       GroupNorm(groups, dim), Conv2d(Conv2dOptions(dim, dim * 2, 3).padding(1)),
                       GLU(GLUOptions(1)), GroupNorm(groups, dim), Conv2d(Conv2dOptions(dim, dim, 1)))))
    {
    }
    Tensor forward(const Tensor& x) { return net->forward(x) + x; }

private:
    Sequential net{ nullptr };
};
TORCH_MODULE(GluResBlock);

/// Normalises over channels; a gain, no bias.
class LayerNormChanImpl : public torch::nn::Module
{
public:
    explicit LayerNormChanImpl(std::int64_t dim)
        : gamma(register_parameter("gamma", torch::ones({ 1, dim, 1, 1 })))
    {
    }
    Tensor forward(const Tensor& x)
    {
        const auto mean = x.mean(1, /*keepdim=*/true);
        const auto var = x.var(1, /*unbiased=*/false, /*keepdim=*/true);
        return (x - mean) / (var + 1e-5).sqrt() * gamma;
    }

private:
    Tensor gamma;
};
TORCH_MODULE(LayerNormChan);

/// A network from the logarithmic offset of two positions to what it adds to their attention (Swin v2, Liu et
/// al. 2021, section 3.3).
class ContinuousPositionBiasImpl : public torch::nn::Module
{
public:
    ContinuousPositionBiasImpl(std::int64_t dim, std::int64_t heads)
    {
        auto net = register_module("net", std::make_shared<torch::nn::Module>());
        for (const auto& [name, in] : { std::pair("0", std::int64_t(2)), std::pair("1", dim) })
            hidden_.push_back(net->register_module(name, std::make_shared<torch::nn::Module>())
                                  ->register_module("0", Linear(in, dim)));
        to_bias_ = net->register_module("2", Linear(dim, heads));
    }

    Tensor forward(std::int64_t height, std::int64_t width) // -> (heads, h * w, h * w)
    {
        const auto options = to_bias_->weight.options().requires_grad(false);
        const auto rows = torch::arange(height, options).unsqueeze(1).expand({ height, width }).flatten();
        const auto columns = torch::arange(width, options).unsqueeze(0).expand({ height, width }).flatten();
        const auto grid = torch::stack({ rows, columns }, -1); // (n, 2)
        const auto offset = grid.unsqueeze(1) - grid.unsqueeze(0);
        auto x = offset.sign() * (offset.abs() + 1).log(); // (n, n, 2)
        for (auto& layer : hidden_)
            x = torch::leaky_relu(layer(x), slope);
        return to_bias_(x).permute({ 2, 0, 1 });
    }

private:
    std::vector<Linear> hidden_;
    Linear to_bias_{ nullptr };
};
TORCH_MODULE(ContinuousPositionBias);

/// Attention of every position to every other.
class VqganAttentionImpl : public torch::nn::Module
{
public:
    VqganAttentionImpl(std::int64_t dim, std::int64_t dim_head, std::int64_t heads, double dropout)
        : heads_(heads)
        , scale_(1 / std::sqrt(static_cast<double>(dim_head)))
        , dropout_(dropout)
        , pre_norm(register_module("pre_norm", LayerNormChan(dim)))
        , cpb(register_module("cpb", ContinuousPositionBias(dim / 4, heads)))
        , to_qkv(register_module("to_qkv", Conv2d(Conv2dOptions(dim, heads * dim_head * 3, 1).bias(false))))
        , to_out(register_module("to_out", Conv2d(Conv2dOptions(heads * dim_head, dim, 1).bias(false))))
    {
    }

    Tensor forward(const Tensor& x)
    {
        const auto b = x.size(0), h = x.size(2), w = x.size(3);
        const auto qkv = to_qkv(pre_norm(x)).view({ b, 3, heads_, -1, h * w }); // (b, 3, heads, d, n)
        const auto q = qkv.select(1, 0), k = qkv.select(1, 1), v = qkv.select(1, 2);
        const auto logits = q.transpose(-2, -1).matmul(k) * scale_ + cpb(h, w); // (b, heads, n, n)
        const auto attn = torch::dropout(logits.softmax(-1), dropout_, is_training());
        const auto out = v.matmul(attn.transpose(-2, -1)); // (b, heads, d, n)
        return to_out(out.reshape({ b, -1, h, w })) + x;
    }

private:
    std::int64_t heads_;
    double scale_, dropout_;
    LayerNormChan pre_norm{ nullptr };
    ContinuousPositionBias cpb{ nullptr };
    Conv2d to_qkv{ nullptr }, to_out{ nullptr };
};
TORCH_MODULE(VqganAttention);

/// The value of each layer; a single one counts for the last, `elsewhere` for the others.
template <class T>
std::vector<T> by_layer(const PerStage<T>& option, std::int64_t layers, T elsewhere, const char* name)
{
    const auto count = static_cast<std::size_t>(layers);
    if (!option.is_list()) {
        std::vector<T> values(count, elsewhere);
        values.back() = option.at(0);
        return values;
    }
    if (option.values().size() != count)
        throw UsageError(std::string(name) + " lists " + std::to_string(option.values().size())
                         + " values for the " + std::to_string(layers) + " layers of the VQGAN-VAE.");
    return option.values();
}

class ResnetEncoderDecoder : public VqganEncoderDecoder
{
public:
    explicit ResnetEncoderDecoder(const VQGanVAEOptions& o);

    Tensor encode(const Tensor& image) override { return encoders->forward(image); }
    Tensor decode(const Tensor& features) override { return decoders->forward(features); }
    [[nodiscard]] std::int64_t encoded_dim() const override { return encoded_dim_; }
    [[nodiscard]] std::int64_t downsampling() const override { return std::int64_t(1) << layers_; }
    [[nodiscard]] Tensor last_layer() const override { return to_pixels_->weight; }

private:
    std::int64_t layers_, encoded_dim_;
    Sequential encoders, decoders;
    Conv2d to_pixels_;
};

std::vector<std::int64_t> dims_of(const VQGanVAEOptions& o)
{
    auto mults = o.encdec_layer_mults;
    if (mults.empty())
        for (std::int64_t i = 0; i < o.layers; ++i)
            mults.push_back(std::int64_t(1) << i);
    if (static_cast<std::int64_t>(mults.size()) != o.layers)
        throw UsageError("encdec_layer_mults lists " + std::to_string(mults.size()) + " values for the "
                         + std::to_string(o.layers) + " layers of the VQGAN-VAE.");
    std::vector<std::int64_t> dims{ o.dim };
    for (const auto mult : mults)
        dims.push_back(o.dim * mult);
    return dims;
}

ResnetEncoderDecoder::ResnetEncoderDecoder(const VQGanVAEOptions& o)
    : layers_(o.layers)
    , encoded_dim_(dims_of(o).back())
    , to_pixels_(Conv2dOptions(o.dim, o.channels, 1))
{
    const auto groups = o.encdec_resnet_groups;
    if (o.dim % groups != 0)
        throw UsageError("The dim of a VQGAN-VAE, " + std::to_string(o.dim)
                         + ", must be a multiple of its encdec_resnet_groups, " + std::to_string(groups)
                         + ".");
    const auto dims = dims_of(o);
    const auto blocks
        = by_layer<std::int64_t>(o.encdec_num_resnet_blocks, o.layers, 0, "encdec_num_resnet_blocks");
    const auto attends = by_layer<bool>(o.encdec_use_attn, o.layers, false, "encdec_use_attn");
    const auto attention = [&](std::int64_t dim) {
        return AnyModule(
            VqganAttention(dim, o.encdec_attn_dim_head, o.encdec_attn_heads, o.encdec_attn_dropout));
    };
    const auto kernel = o.encdec_first_conv_kernel_size;
    std::vector<AnyModule> down{ AnyModule(
        Conv2d(Conv2dOptions(o.channels, o.dim, kernel).padding(kernel / 2))) };
    std::vector<AnyModule> up{ AnyModule(to_pixels_) }; // from the picture inwards, turned round below
    for (std::size_t layer = 0; layer < blocks.size(); ++layer) {
        const auto dim = dims[layer], dim_out = dims[layer + 1];
        down.emplace_back(std::make_shared<Halving>(dim, dim_out));
        up.emplace_back(std::make_shared<Doubling>(dim_out, dim));
        if (attends[layer])
            up.push_back(attention(dim_out));
        for (std::int64_t i = 0; i < blocks[layer]; ++i) {
            down.emplace_back(ResBlock(dim_out, groups));
            up.emplace_back(GluResBlock(dim_out, groups));
        }
        if (attends[layer])
            down.push_back(attention(dim_out));
    }
    for (auto& module : down)
        encoders->push_back(module);
    for (auto module = up.rbegin(); module != up.rend(); ++module)
        decoders->push_back(*module);
    register_module("encoders", encoders);
    register_module("decoders", decoders);
}

} // namespace

std::shared_ptr<VqganEncoderDecoder> resnet_encoder_decoder(const VQGanVAEOptions& options)
{
    return std::make_shared<ResnetEncoderDecoder>(options);
}

} // namespace reverie
