// SPDX-License-Identifier: MIT
#include "core/models/adm_unet.h"

#include "core/base/error.h"
#include "core/nn/timestep_embedding.h"

#include <torch/torch.h>

#include <limits>

namespace reverie {

namespace {

using torch::nn::Conv2d, torch::nn::Conv2dOptions, torch::nn::Linear;
using Resample = AdmResBlockOptions::Resample;

Conv2d conv3(std::int64_t in, std::int64_t out)
{
    return Conv2d(Conv2dOptions(in, out, 3).padding(1));
}

/// Options that would have to be there.
std::int64_t given(const std::optional<std::int64_t>& option, const char* name)
{
    if (!option)
        throw UsageError("This U-Net can't be built: one of the kind adm needs " + std::string(name) + ".");
    return *option;
}

Tensor joined(const Tensor& a, const Tensor& b)
{
    return torch::cat({ a, b });
}

} // namespace

AdmTrunkImpl::AdmTrunkImpl(const UnetOptions& o, std::int64_t in, std::int64_t out, bool scale_shift)
    : dim_(o.dim)
    , groups_(o.resnet_groups.at(0))
    , scale_shift_(scale_shift)
    , time_1(Linear(o.dim, 4 * o.dim))
    , time_2(Linear(4 * o.dim, 4 * o.dim))
    , stem(conv3(in, o.dim * o.dim_mults[0]))
    , norm_out(torch::nn::GroupNormOptions(groups_, o.dim * o.dim_mults[0]))
    , conv_out(conv3(o.dim * o.dim_mults[0], out))
{
    const auto skipped = build_down(o);
    const auto middle = o.dim * o.dim_mults.back();
    middle_ = { block(middle, middle), o.kind == "adm" ? attention(o, middle) : AdmAttention(nullptr),
                block(middle, middle) };
    build_up(o, skipped);
    register_blocks(); // first, for the first parameter's type is what chains are computed in
    register_module("time_embed", module_of({ { "0", time_1.ptr() }, { "2", time_2.ptr() } }));
    register_module("out", module_of({ { "0", norm_out.ptr() }, { "2", conv_out.ptr() } }));
}

AdmResBlock AdmTrunkImpl::block(std::int64_t in, std::int64_t out, Resample resample) const
{
    return AdmResBlock(AdmResBlockOptions{ in, out, 4 * dim_, groups_, scale_shift_, resample });
}

AdmAttention AdmTrunkImpl::attention(const UnetOptions& o, std::int64_t channels) const
{
    return AdmAttention(
        AdmAttentionOptions{ channels, o.attn_dim_head, groups_, given(o.cond_dim, "cond_dim") });
}

AdmAttention AdmTrunkImpl::attention_at(const UnetOptions& o, std::size_t level, std::int64_t channels) const
{
    const bool attends = o.kind == "adm" && reverie::attention_at(o, level) != "none";
    return attends ? attention(o, channels) : AdmAttention(nullptr);
}

std::vector<std::int64_t> AdmTrunkImpl::build_down(const UnetOptions& o)
{
    auto channels = o.dim * o.dim_mults[0];
    std::vector<std::int64_t> skipped{ channels };
    for (std::size_t level = 0; level < o.dim_mults.size(); ++level) {
        const auto dim = o.dim * o.dim_mults[level];
        for (std::int64_t i = 0; i < o.num_resnet_blocks.at(level); ++i) {
            downs_.push_back({ block(channels, dim), attention_at(o, level, dim), nullptr });
            channels = dim;
            skipped.push_back(channels);
        }
        if (level + 1 < o.dim_mults.size()) {
            downs_.push_back({ block(channels, channels, Resample::Down), nullptr, nullptr });
            skipped.push_back(channels);
        }
    }
    return skipped;
}

void AdmTrunkImpl::build_up(const UnetOptions& o, std::vector<std::int64_t> skipped)
{
    auto channels = o.dim * o.dim_mults.back();
    for (std::size_t level = o.dim_mults.size(); level-- > 0;) {
        const auto dim = o.dim * o.dim_mults[level];
        const auto blocks = o.num_resnet_blocks.at(level);
        for (std::int64_t i = 0; i <= blocks; ++i) {
            const bool last = level > 0 && i == blocks;
            ups_.push_back({ block(channels + skipped.back(), dim), attention_at(o, level, dim),
                             last ? block(dim, dim, Resample::Up) : AdmResBlock(nullptr) });
            channels = dim;
            skipped.pop_back();
        }
    }
}

void AdmTrunkImpl::register_blocks()
{
    const auto list = [](const std::vector<AdmBlock>& blocks, std::size_t first) {
        std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>> children;
        for (std::size_t i = 0; i < blocks.size(); ++i)
            children.emplace_back(std::to_string(first + i), blocks[i].module());
        return module_of(children);
    };
    auto inputs = list(downs_, 1);
    inputs->register_module("0", module_of({ { "0", stem.ptr() } }));
    register_module("input_blocks", inputs);
    register_module("middle_block", middle_.module());
    register_module("output_blocks", list(ups_, 0));
}

Tensor AdmTrunkImpl::forward(const Tensor& x, const Tensor& time, const Tensor& extra, const Tensor& tokens,
                             const Tensor& token_bias)
{
    auto embed = time_2(torch::silu(time_1(timestep_embedding(time, dim_).to(x.dtype())))); // (b, 4 dim)
    if (extra.defined())
        embed = embed + extra;
    auto h = stem(x);
    std::vector<Tensor> skipped{ h };
    for (auto& down : downs_) {
        h = down.forward(h, embed, tokens, token_bias);
        skipped.push_back(h);
    }
    h = middle_.forward(h, embed, tokens, token_bias);
    for (auto& up : ups_) {
        h = up.forward(torch::cat({ h, skipped.back() }, 1), embed, tokens, token_bias);
        skipped.pop_back();
    }
    return conv_out(torch::silu(norm_out(h.to(norm_out->weight.scalar_type()))));
}

AdmUnetImpl::AdmUnetImpl(const UnetOptions& options)
    : UnetImpl(options, NoLayers())
    , trunk(options, options.channels, options.channels_out.value_or(options.channels), /*scale_shift=*/true)
{
    const auto& o = options;
    const auto image = given(o.image_embed_dim, "image_embed_dim"),
               text = given(o.text_embed_dim, "text_embed_dim"), width = given(o.cond_dim, "cond_dim");
    for (const auto& child : trunk->named_children())
        register_module(child.key(), child.value());
    clip_emb = register_module("clip_emb", Linear(image, 4 * o.dim));
    text_linear = Linear(text, width);
    text_norm = torch::nn::LayerNorm(torch::nn::LayerNormOptions({ width }));
    register_module("text_seq_proj", module_of({ { "0", text_linear.ptr() }, { "1", text_norm.ptr() } }));
    text_feat_proj = register_module("text_feat_proj", Linear(text, 4 * o.dim));
    clip_tok_proj = register_module("clip_tok_proj", Linear(image, width * o.num_image_tokens));
    cf_param = register_parameter("cf_param", torch::zeros({ image }));
}

Tensor AdmUnetImpl::conditioned(const Tensor& x, const Tensor& time, const UnetCondition& condition)
{
    const auto& image = condition.image_embed;
    const auto& encodings = condition.text_encodings;
    if (!image.defined() || !encodings.defined() || !condition.text_embed.defined())
        throw UsageError(
            "An ADM U-Net draws from an embedding of the picture, one of the text and the text's "
            "encodings; give it all three.");
    const auto tokens = options().num_image_tokens;
    // Tokens of the picture lie side by side within each of the width's numbers.
    const auto of_image = clip_tok_proj(image).view({ x.size(0), -1, tokens }); // (b, cond_dim, tokens)
    const auto of_text = text_norm(text_linear(encodings).to(text_norm->weight.scalar_type()))
                             .transpose(1, 2); // (b, cond_dim, n)
    const auto present = torch::constant_pad_nd((encodings != 0).any(-1), { tokens, 0 }, true);
    const auto bias = torch::zeros(present.sizes(), x.options())
                          .masked_fill(present.logical_not(), -std::numeric_limits<float>::infinity());
    return trunk(x, time, clip_emb(image) + text_feat_proj(condition.text_embed),
                 torch::cat({ of_image, of_text }, 2), bias);
}

Tensor AdmUnetImpl::forward(const Tensor& x, const Tensor& time, const UnetCondition& condition,
                            DropProbs drop, Noise* noise)
{
    if (drop.text > 0)
        throw UsageError("An ADM U-Net can't be trained with dropped texts here; draw with it, or train "
                         "another stage.");
    auto seen = condition;
    if (drop.image > 0) {
        const auto keep = keep_mask(x.size(0), drop.image, noise, x.device()).unsqueeze(1); // (b, 1)
        seen.image_embed = torch::where(keep, seen.image_embed, cf_param);
    }
    return conditioned(x, time, seen);
}

Tensor AdmUnetImpl::forward_with_cond_scale(const Tensor& x, const Tensor& time,
                                            const UnetCondition& condition, double cond_scale,
                                            const UnetCondition* negative)
{
    if (cond_scale == 1)
        return conditioned(x, time, condition);
    if (!negative || !negative->text_embed.defined() || !negative->text_encodings.defined())
        throw UsageError("The guidance of an ADM U-Net leads away from a text, the empty one for example; "
                         "give it one.");
    const auto null_image
        = negative->image_embed.defined() ? negative->image_embed : cf_param.expand_as(condition.image_embed);
    UnetCondition both;
    both.image_embed = joined(condition.image_embed, null_image);
    both.text_encodings = joined(condition.text_encodings, negative->text_encodings);
    both.text_embed = joined(condition.text_embed, negative->text_embed);
    const auto out = conditioned(joined(x, x), joined(time, time), both).chunk(2);
    const auto noise = out[0].narrow(1, 0, x.size(1)), away = out[1].narrow(1, 0, x.size(1));
    const auto guided = away + (noise - away) * cond_scale;
    return torch::cat({ guided, out[0].slice(1, x.size(1)) }, 1);
}

AdmUnetPairImpl::AdmUnetPairImpl(const UnetOptions& o)
    : UnetImpl(o, NoLayers())
{
    const auto in = o.channels * (o.lowres_cond ? 2 : 1), out = o.channels_out.value_or(o.channels);
    first_steps = register_module("first_steps", AdmTrunk(o, in, out, /*scale_shift=*/false));
    last_step = register_module("last_step", AdmTrunk(o, in, out, /*scale_shift=*/false));
}

Tensor AdmUnetPairImpl::forward(const Tensor& x, const Tensor& time, const UnetCondition& condition,
                                DropProbs /*drop*/, Noise* /*noise*/)
{
    const auto& lowres = condition.lowres_cond_img;
    const auto seen = lowres.defined() ? torch::cat({ x, lowres }, 1) : x;
    const auto last = time == 0;
    if (last.all().item<bool>())
        return last_step(seen, time);
    const auto first = first_steps(seen, time);
    return last.any().item<bool>() ? torch::where(last.view({ -1, 1, 1, 1 }), last_step(seen, time), first)
                                   : first;
}

Tensor AdmUnetPairImpl::forward_with_cond_scale(const Tensor& x, const Tensor& time,
                                                const UnetCondition& condition, double /*cond_scale*/,
                                                const UnetCondition* /*negative*/)
{
    return forward(x, time, condition, {}, nullptr);
}

Unet make_unet(const UnetOptions& options)
{
    if (options.kind == "adm")
        return Unet(std::shared_ptr<UnetImpl>(std::make_shared<AdmUnetImpl>(options)));
    if (options.kind == "adm_pair")
        return Unet(std::shared_ptr<UnetImpl>(std::make_shared<AdmUnetPairImpl>(options)));
    return Unet(options);
}

} // namespace reverie
