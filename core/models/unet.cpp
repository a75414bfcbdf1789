// SPDX-License-Identifier: MIT
#include "core/models/unet.h"

#include "core/base/error.h"
#include "core/models/u2net_unet.h"
#include "core/nn/window_attention.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

namespace {

using torch::nn::AnyModule, torch::nn::Conv2d, torch::nn::Conv2dOptions, torch::nn::GELU, torch::nn::Linear,
    torch::nn::ModuleList, torch::nn::Sequential;

AnyModule downsample(const UnetOptions& o, std::int64_t dim, std::int64_t dim_out)
{
    if (o.cross_embed_downsample)
        return AnyModule(CrossEmbedLayer(dim, dim_out, o.cross_embed_downsample_kernel_sizes, /*stride=*/2));
    return AnyModule(Downsample(dim, dim_out));
}

AnyModule upsample(const UnetOptions& o, std::int64_t dim, std::int64_t dim_out)
{
    if (o.pixel_shuffle_upsample)
        return AnyModule(PixelShuffleUpsample(dim, dim_out));
    return AnyModule(NearestUpsample(dim, dim_out));
}

Tensor through(AnyModule& layer, const Tensor& x)
{
    return layer.is_empty() ? x : layer.forward(x);
}

ModuleList list_of(const std::vector<ResnetBlock>& blocks)
{
    ModuleList list;
    for (const auto& block : blocks)
        list->push_back(block);
    return list;
}

/// A level's layers under their indices in the checkpoint; empty ones leave a gap.
std::shared_ptr<torch::nn::Module> numbered(const std::vector<std::shared_ptr<torch::nn::Module>>& layers)
{
    auto level = std::make_shared<torch::nn::Module>();
    for (std::size_t i = 0; i < layers.size(); ++i)
        if (layers[i])
            level->register_module(std::to_string(i), layers[i]);
    return level;
}

std::shared_ptr<torch::nn::Module> pointer(const AnyModule& layer)
{
    return layer.is_empty() ? nullptr : layer.ptr();
}

AttentionOptions attention_options(const UnetOptions& o, std::int64_t dim)
{
    return {
        .dim = dim, .dim_head = o.attn_dim_head, .heads = o.attn_heads, .cosine_sim = o.cosine_sim_self_attn
    };
}

} // namespace

UnetImpl::UnetImpl(const UnetOptions& options, NoLayers /*none*/)
    : options_(options)
{
    check(options_);
}

UnetImpl::UnetImpl(const UnetOptions& options)
    : options_(options)
    , dims_(level_dims(options))
    , cond_dim_(options.cond_dim.value_or(options.dim))
    , time_cond_dim_(options.dim * 4)
{
    const auto& o = options_;
    check(o);
    const auto inputs = o.channels * (1 + int(o.lowres_cond) + int(o.self_cond));
    init_conv = o.init_cross_embed
        ? AnyModule(CrossEmbedLayer(inputs, dims_[0], o.init_cross_embed_kernel_sizes, /*stride=*/1))
        : AnyModule(Conv2d(
            Conv2dOptions(inputs, dims_[0], o.init_conv_kernel_size).padding(o.init_conv_kernel_size / 2)));
    register_module("init_conv", init_conv.ptr());
    build_conditioning();

    const auto levels = o.dim_mults.size();
    if (o.memory_efficient)
        init_resnet_block = register_module("init_resnet_block", resnet_block(dims_[0], dims_[0], false, 0));
    register_module("downs", ModuleList());
    register_module("ups", ModuleList());
    for (std::size_t level = 0; level < levels; ++level)
        build_down(level);
    const auto middle = dims_.back();
    const bool attends = cross_attends_at_middle(o);
    mid_block1 = register_module("mid_block1", resnet_block(middle, middle, attends, levels - 1));
    if (o.attend_at_middle)
        build_mid_attention();
    mid_block2 = register_module("mid_block2", resnet_block(middle, middle, attends, levels - 1));
    for (std::size_t level = levels; level-- > 0;)
        build_up(level);

    auto last = o.memory_efficient ? dims_[0] : dims_[1];
    if (o.combine_upsample_fmaps) {
        const std::vector<std::int64_t> dim_ins(dims_.rbegin(), dims_.rend() - 1);
        upsample_combiner = register_module("upsample_combiner", UpsampleCombiner(o.dim, dim_ins));
        last += o.dim * static_cast<std::int64_t>(dim_ins.size());
    }
    final_resnet_block
        = register_module("final_resnet_block", resnet_block(last + dims_[0], o.dim, false, 0));
    to_out
        = register_module("to_out",
                          Conv2d(Conv2dOptions(o.dim + (o.lowres_cond ? o.channels : 0),
                                               o.channels_out.value_or(o.channels), o.final_conv_kernel_size)
                                     .padding(o.final_conv_kernel_size / 2)));
    torch::nn::init::zeros_(to_out->weight);
    torch::nn::init::zeros_(to_out->bias);
}

void UnetImpl::build_conditioning()
{
    const auto& o = options_;
    const auto hidden = time_cond_dim_;
    to_time_hiddens = register_module("to_time_hiddens",
                                      Sequential(SinusoidalPosEmb(o.dim), Linear(o.dim, hidden), GELU()));
    to_time_tokens
        = register_module("to_time_tokens", Sequential(Linear(hidden, cond_dim_ * o.num_time_tokens)));
    to_time_cond = register_module("to_time_cond", Sequential(Linear(hidden, hidden)));
    if (o.cond_on_image_embeds) {
        const auto embed = *o.image_embed_dim;
        image_to_tokens
            = register_module("image_to_tokens", Sequential(Linear(embed, cond_dim_ * o.num_image_tokens)));
        if (o.add_image_embeds_to_time)
            to_image_hiddens = register_module("to_image_hiddens", Sequential(Linear(embed, hidden), GELU()));
    }
    norm_cond
        = register_module("norm_cond", torch::nn::LayerNorm(torch::nn::LayerNormOptions({ cond_dim_ })));
    norm_mid_cond
        = register_module("norm_mid_cond", torch::nn::LayerNorm(torch::nn::LayerNormOptions({ cond_dim_ })));
    if (o.cond_on_text_encodings)
        text_to_cond = register_module("text_to_cond", Linear(*o.text_embed_dim, cond_dim_));
    if (o.lowres_noise_cond)
        to_lowres_noise_cond = register_module(
            "to_lowres_noise_cond",
            Sequential(SinusoidalPosEmb(o.dim), Linear(o.dim, hidden), GELU(), Linear(hidden, hidden)));
    if (o.cross_attn_resolution)
        to_sum_cond = register_module("to_sum_cond", Linear(cond_dim_, hidden));
    null_image_embed
        = register_parameter("null_image_embed", torch::randn({ 1, o.num_image_tokens, cond_dim_ }));
    null_image_hiddens = register_parameter("null_image_hiddens", torch::randn({ 1, hidden }));
    null_text_embed = register_parameter("null_text_embed", torch::randn({ 1, o.max_text_len, cond_dim_ }));
}

void UnetImpl::build_mid_attention()
{
    mid_attn = register_module("mid_attn", SequenceAttention(attention_options(options_, dims_.back())));
}

ResnetBlock UnetImpl::resnet_block(std::int64_t dim, std::int64_t dim_out, bool cross_attends,
                                   std::size_t level, std::int64_t depth) const
{
    const ResnetBlockOptions block{ .dim = dim,
                                    .dim_out = dim_out,
                                    .cond_dim = cross_attends ? cond_dim_ : 0,
                                    .time_cond_dim = time_cond_dim_,
                                    .groups = options_.resnet_groups.at(level),
                                    .weight_standardization = options_.resnet_weight_standardization,
                                    .cosine_sim_cross_attn = options_.cosine_sim_cross_attn };
    return depth > 0 ? nested_resnet_block(block, depth) : ResnetBlock(block);
}

AnyModule UnetImpl::attention(std::int64_t dim, std::size_t level) const
{
    const auto& o = options_;
    const auto kind = attention_at(o, level);
    const auto options = attention_options(o, dim);
    if (kind == "full")
        return AnyModule(SequenceAttention(options));
    if (kind == "linear")
        return AnyModule(ResidualLinearAttention(LinearAttention(dim, o.attn_dim_head, o.attn_heads)));
    if (kind == "block" || kind == "grid")
        return AnyModule(
            WindowAttention(options, kind == "block" ? Windows::Block : Windows::Grid, o.attn_window));
    if (kind == "maxvit")
        return AnyModule(MaxVitAttention(options, o.attn_window));
    return {};
}

void UnetImpl::build_down(std::size_t level)
{
    const auto& o = options_;
    const auto dim_in = dims_[level], dim_out = dims_[level + 1];
    const auto dim = o.memory_efficient ? dim_out : dim_in;
    UnetDown down;
    down.cross_attends = cross_attends_at(o, level);
    if (o.memory_efficient)
        down.downsample_first = downsample(o, dim_in, dim_out);
    down.init_block = resnet_block(dim, dim, false, level);
    for (std::int64_t i = 0; i < o.num_resnet_blocks.at(level); ++i)
        down.blocks.push_back(resnet_block(dim, dim, down.cross_attends, level, nested_depth(o, level)));
    down.attention = attention(dim, level);
    const bool last = level + 2 == dims_.size();
    down.downsample = last || o.memory_efficient ? AnyModule(Conv2d(Conv2dOptions(dim, dim_out, 1)))
                                                 : downsample(o, dim, dim_out);
    named_children()["downs"]->as<ModuleList>()->push_back(
        numbered({ pointer(down.downsample_first), down.init_block.ptr(), list_of(down.blocks).ptr(),
                   pointer(down.attention), pointer(down.downsample) }));
    downs_.push_back(down);
}

void UnetImpl::build_up(std::size_t level)
{
    const auto& o = options_;
    const auto dim_in = dims_[level], dim = dims_[level + 1];
    const auto skip = o.memory_efficient ? dim : dim_in;
    UnetUp up;
    up.cross_attends = cross_attends_at(o, level);
    up.init_block = resnet_block(dim + skip, dim, up.cross_attends, level);
    for (std::int64_t i = 0; i < o.num_resnet_blocks.at(level); ++i)
        up.blocks.push_back(resnet_block(dim + skip, dim, up.cross_attends, level, nested_depth(o, level)));
    up.attention = attention(dim, level);
    if (level > 0 || o.memory_efficient)
        up.upsample = upsample(o, dim, dim_in);
    named_children()["ups"]->as<ModuleList>()->push_back(numbered(
        { up.init_block.ptr(), list_of(up.blocks).ptr(), pointer(up.attention), pointer(up.upsample) }));
    ups_.push_back(up);
}

void UnetImpl::adapt_to(const HoldsTensor& holds)
{
    if (!holds("to_time_hiddens.1.weight"))
        return;
    if (!mid_attn && holds("mid_attn.fn.fn.to_q.weight"))
        build_mid_attention();
    if (image_to_tokens && options_.image_embed_dim == cond_dim_ && !holds("image_to_tokens.0.weight")) {
        unregister_module("image_to_tokens");
        image_to_tokens = nullptr;
    }
}

Tensor UnetImpl::forward(const Tensor& x, const Tensor& time, const UnetCondition& condition, DropProbs drop,
                         Noise* noise)
{
    const auto image_keep = keep_mask(x.size(0), drop.image, noise, x.device());
    const auto text_keep = keep_mask(x.size(0), drop.text, noise, x.device());
    return forward_masked(x, time, condition, image_keep, text_keep);
}

Tensor UnetImpl::forward_with_cond_scale(const Tensor& x, const Tensor& time, const UnetCondition& condition,
                                         double cond_scale, const UnetCondition* negative)
{
    const bool conditioned = options_.cond_on_image_embeds || options_.cond_on_text_encodings;
    if (cond_scale == 1 || !conditioned) // without a condition both passes are the same
        return forward(x, time, condition);
    const auto stacked = [](const Tensor& t, const Tensor& other) {
        return t.defined() ? torch::cat({ t, other }) : t;
    };
    const auto twice = [&](const Tensor& t) { return stacked(t, t); };
    const auto b = x.size(0);
    const auto keep = torch::arange(2 * b, time.options()) < (negative ? 2 * b : b);
    const auto& other = negative ? *negative : condition;
    const UnetCondition doubled{ stacked(condition.image_embed, other.image_embed),
                                 stacked(condition.text_encodings, other.text_encodings),
                                 twice(condition.lowres_cond_img), twice(condition.lowres_noise_level),
                                 twice(condition.self_cond) };
    const auto both = forward_masked(twice(x), twice(time), doubled, keep, keep).chunk(2);
    return both[1] + (both[0] - both[1]) * cond_scale;
}

Tensor UnetImpl::text_tokens(const Tensor& text_encodings, const Tensor& text_keep)
{
    const auto cut = text_encodings.slice(1, 0, options_.max_text_len);
    const auto missing = options_.max_text_len - cut.size(1);
    const auto present = torch::constant_pad_nd((cut != 0).any(-1, /*keepdim=*/true), { 0, 0, 0, missing });
    const auto tokens
        = torch::constant_pad_nd(text_to_cond(cut), { 0, 0, 0, missing }); // (b, max_text_len, cond_dim)
    return torch::where(present & text_keep.view({ -1, 1, 1 }), tokens, null_text_embed);
}

UnetImpl::Tokens UnetImpl::condition_tokens(const Tensor& time, const UnetCondition& condition,
                                            const Tensor& image_keep, const Tensor& text_keep)
{
    const auto b = time.size(0);
    const auto hiddens = to_time_hiddens->forward(time); // (b, 4 dim)
    auto t = to_time_cond->forward(hiddens); // (b, 4 dim)
    auto tokens = to_time_tokens->forward(hiddens).view({ b, -1, cond_dim_ }); // (b, n, cond_dim)
    if (to_lowres_noise_cond && condition.lowres_noise_level.defined())
        t = t + to_lowres_noise_cond->forward(condition.lowres_noise_level);
    if (options_.cond_on_image_embeds) {
        const auto& embed = condition.image_embed; // (b, image_embed_dim)
        if (to_image_hiddens)
            t = t
                + torch::where(image_keep.view({ -1, 1 }), to_image_hiddens->forward(embed),
                               null_image_hiddens);
        const auto image_tokens = image_to_tokens // (b, num_image_tokens, cond_dim)
            ? image_to_tokens->forward(embed).view({ b, -1, cond_dim_ })
            : embed.unsqueeze(1).expand({ b, options_.num_image_tokens, cond_dim_ });
        tokens = torch::cat(
            { tokens, torch::where(image_keep.view({ -1, 1, 1 }), image_tokens, null_image_embed) }, 1);
    }
    tokens = tokens.to(norm_cond->weight.scalar_type()); // autocast leaves its weights alone on the CPU
    auto middle = tokens;
    if (text_to_cond && condition.text_encodings.defined())
        middle
            = torch::cat({ tokens, text_tokens(condition.text_encodings, text_keep).to(tokens.dtype()) }, 1);
    return { t, norm_cond(tokens), norm_mid_cond(middle) };
}

/// What blocks without cross attention see of the condition tokens.
Tensor UnetImpl::with_sum(const Tensor& time, const Tensor& tokens)
{
    return to_sum_cond ? time + to_sum_cond(tokens.mean(1)) : time; // (b, 4 dim)
}

Tensor UnetImpl::forward_masked(const Tensor& input, const Tensor& time, const UnetCondition& condition,
                                const Tensor& image_keep, const Tensor& text_keep)
{
    if (input.size(-1) % side_multiple() != 0 || input.size(-2) % side_multiple() != 0)
        throw UsageError("This U-Net takes pictures whose sides are multiples of "
                         + std::to_string(side_multiple()) + ", not " + std::to_string(input.size(-1)) + "x"
                         + std::to_string(input.size(-2)) + ".");
    std::vector<Tensor> inputs{ input };
    if (options_.self_cond)
        inputs.push_back(condition.self_cond.defined() ? condition.self_cond : torch::zeros_like(input));
    if (options_.lowres_cond)
        inputs.push_back(condition.lowres_cond_img);
    const auto [t, c, mid_c] = condition_tokens(time, condition, image_keep, text_keep);
    const auto summed = with_sum(t, c);

    auto x = init_conv.forward(torch::cat(inputs, 1)); // (b, init_dim, h, w)
    const auto residual = x;
    if (init_resnet_block)
        x = init_resnet_block(x, t);
    const bool recompute
        = options_.checkpoint_during_training && is_training() && torch::GradMode::is_enabled();
    const auto run = [&](ResnetBlock& block, const Tensor& map, const Tensor& when, const Tensor& cond) {
        return recompute ? block->forward_checkpointed(map, when, cond) : block(map, when, cond);
    };
    const auto skip_scale = options_.scale_skip_connection ? std::sqrt(0.5) : 1.;
    std::vector<Tensor> skips, fmaps;
    const auto push = [&](const Tensor& map) { skips.push_back(skip_scale == 1 ? map : map * skip_scale); };
    const auto with_skip = [&](const Tensor& map) {
        const auto skip = skips.back();
        skips.pop_back();
        return torch::cat({ map, skip }, 1);
    };
    for (auto& level : downs_) {
        const auto& when = level.cross_attends ? t : summed;
        x = run(level.init_block, through(level.downsample_first, x), when, c);
        for (auto& block : level.blocks)
            push(x = run(block, x, when, c));
        push(x = through(level.attention, x));
        x = through(level.downsample, x);
    }
    const auto middle = cross_attends_at_middle(options_) ? t : with_sum(t, mid_c);
    x = run(mid_block1, x, middle, mid_c); // (b, dims_.back(), ...)
    x = run(mid_block2, mid_attn ? mid_attn(x) : x, middle, mid_c);
    for (auto& level : ups_) {
        const auto& when = level.cross_attends ? t : summed;
        x = run(level.init_block, with_skip(x), when, c);
        for (auto& block : level.blocks)
            x = run(block, with_skip(x), when, c);
        x = through(level.attention, x);
        fmaps.push_back(x);
        x = through(level.upsample, x);
    }
    if (upsample_combiner)
        x = upsample_combiner(x, fmaps);
    x = final_resnet_block(torch::cat({ x, residual }, 1), t);
    return to_out(options_.lowres_cond ? torch::cat({ x, condition.lowres_cond_img }, 1) : x);
}

} // namespace reverie
