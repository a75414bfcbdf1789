// SPDX-License-Identifier: MIT
#include "core/models/cost.h"
#include "core/models/u2net_unet.h"

#include <algorithm>

namespace reverie {

namespace {

constexpr std::int64_t cross_heads = 8, cross_dim = 512; // of ResnetBlock's cross attention

/// A convolution with bias on maps of `n` pixels.
LayerCost conv(std::int64_t in, std::int64_t out, std::int64_t kernel, double n)
{
    const auto weights = in * out * kernel * kernel;
    return { .parameters = weights + out,
             .flops = 2. * double(weights) * n,
             .forward = double(weights), // in oneDNN's own order
             .backward = 2. * double(weights) };
}

/// Goes through a U-Net as its forward pass does. `n` is always a number of pixels in the whole batch.
class UnetCost
{
public:
    UnetCost(const UnetOptions& options, std::int64_t side, std::int64_t batch)
        : o_(options)
        , dims_(level_dims(options))
        , cond_dim_(options.cond_dim.value_or(options.dim))
        , batch_(double(batch))
        , pixels_(double(side * side * batch))
    {
        tokens_ = o_.num_time_tokens + (o_.cond_on_image_embeds ? o_.num_image_tokens : 0);
        middle_tokens_ = tokens_ + (o_.cond_on_text_encodings ? o_.max_text_len : 0);
    }

    NetworkCost total(std::int64_t batch)
    {
        conditioning();
        stem();
        const auto levels = o_.dim_mults.size();
        for (std::size_t level = 0; level < levels; ++level)
            down(level);
        middle();
        for (auto level = levels; level-- > 0;)
            up(level);
        head();
        return ledger_.total(batch);
    }

private:
    struct BlockShape {
        std::int64_t in, out;
        std::int64_t tokens = 0; ///< attended to; 0: no cross attention
        std::size_t level = 0;
        std::int64_t depth = 0;
        bool from_skip = false; ///< its input is put together for it
        bool keeps_output = true; ///< a later layer's backward pass needs it
    };

    [[nodiscard]] double pixels_at(std::size_t level) const
    {
        const auto halvings = level + (o_.memory_efficient ? 1 : 0);
        return pixels_ / double(std::int64_t(1) << (2 * halvings));
    }

    void linear(std::int64_t in, std::int64_t out, double rows)
    {
        const auto flops = 2. * double(in * out) * rows, numbers = double(in + out) * rows;
        ledger_.add({ .parameters = in * out + out, .flops = flops, .saved = numbers, .backward = numbers });
    }

    void conditioning()
    {
        const auto hidden = 4 * o_.dim, cond = cond_dim_;
        linear(o_.dim, hidden, batch_);
        linear(hidden, cond * o_.num_time_tokens, batch_);
        linear(hidden, hidden, batch_);
        if (o_.cond_on_image_embeds) {
            linear(*o_.image_embed_dim, cond * o_.num_image_tokens, batch_);
            if (o_.add_image_embeds_to_time)
                linear(*o_.image_embed_dim, hidden, batch_);
        }
        if (o_.cond_on_text_encodings)
            linear(*o_.text_embed_dim, cond, batch_ * double(o_.max_text_len));
        if (o_.lowres_noise_cond) {
            linear(o_.dim, hidden, batch_);
            linear(hidden, hidden, batch_);
        }
        if (o_.cross_attn_resolution)
            linear(cond, hidden, batch_);
        const auto nulls = (o_.num_image_tokens + o_.max_text_len) * cond + hidden, norms = 4 * cond;
        ledger_.add(
            { .parameters = nulls + norms, .saved = 3 * batch_ * double(cond * (tokens_ + middle_tokens_)) });
    }

    void stem()
    {
        const auto in = o_.channels * (1 + int(o_.lowres_cond) + int(o_.self_cond));
        ledger_.hold(double(2 * in) * pixels_);
        if (o_.init_cross_embed)
            cross_embed(in, dims_[0], o_.init_cross_embed_kernel_sizes, pixels_, pixels_);
        else
            plain_conv(in, dims_[0], o_.init_conv_kernel_size, pixels_);
        ledger_.add({ .saved = double(in) * pixels_ });
        ledger_.hold(double(dims_[0]) * pixels_);
        if (o_.memory_efficient)
            block({ dims_[0], dims_[0] }, pixels_);
    }

    void plain_conv(std::int64_t in, std::int64_t out, std::int64_t kernel, double n)
    {
        auto layer = conv(in, out, kernel, n);
        layer.saved = double(out) * n;
        layer.forward += double(2 * in + 2 * out) * n;
        layer.backward += double(2 * in + out) * n;
        ledger_.add(layer);
    }

    void cross_embed(std::int64_t in, std::int64_t out, std::vector<std::int64_t> kernels, double n_in,
                     double n_out)
    {
        std::sort(kernels.begin(), kernels.end());
        LayerCost all;
        auto left = out;
        for (std::size_t i = 0; i < kernels.size(); ++i) {
            const auto dim = i + 1 == kernels.size() ? left : out >> (i + 1);
            left -= dim;
            const auto one = conv(in, dim, kernels[i], n_out);
            all.parameters += one.parameters;
            all.flops += one.flops;
        }
        all.saved = double(out) * n_out;
        all.forward = double(2 * in) * n_in + double(2 * out) * n_out;
        all.backward = double(2 * in) * n_in + double(2 * out) * n_out;
        ledger_.add(all);
    }

    /// Convolution, norm and activation.
    LayerCost conv_block(std::int64_t in, std::int64_t out, double n) const
    {
        auto layer = conv(in, out, 3, n);
        layer.parameters += 2 * out;
        layer.saved = double(2 * out) * n;
        layer.forward += double(2 * in + 2 * out) * n;
        layer.backward += double(2 * in + 2 * out) * n;
        if (o_.resnet_weight_standardization)
            layer.saved += 2. * double(9 * in * out);
        return layer;
    }

    void block(const BlockShape& b, double n)
    {
        const auto in = double(b.in), out = double(b.out);
        if (b.from_skip)
            ledger_.add({ .saved = in * n, .forward = 2 * in * n, .backward = in * n });
        const auto first_layer = ledger_.size();
        const auto time_mlp = 4 * o_.dim * 2 * b.out + 2 * b.out;
        ledger_.hold(in * n); // for the skip around it
        auto first = conv_block(b.in, b.out, n);
        first.parameters += time_mlp;
        first.flops += 2. * double(time_mlp) * batch_;
        first.saved += 2 * out * n; // scaled and shifted, activated
        ledger_.add(first);
        if (b.tokens > 0)
            cross_attention(b, n);
        auto second = conv_block(b.out, b.out, n);
        ledger_.add(second);
        if (b.depth > 0)
            nested(b, n);
        if (b.in != b.out) {
            auto skip = conv(b.in, b.out, 1, n);
            skip.forward += (in + 3 * out) * n;
            skip.backward += (2 * in + out) * n;
            ledger_.add(skip);
        }
        ledger_.hold(-in * n);
        if (o_.checkpoint_during_training)
            ledger_.recompute_from(first_layer);
        if (b.keeps_output)
            ledger_.add({ .saved = out * n });
    }

    void cross_attention(const BlockShape& b, double n)
    {
        const auto inner = double(cross_dim), out = double(b.out), keys = double(b.tokens + 1);
        const auto logits = double(cross_heads) * keys * n, context = batch_ * keys;
        LayerCost layer;
        layer.parameters
            = 2 * b.out + 2 * (cross_dim / cross_heads) + 2 * b.out * cross_dim + cond_dim_ * 2 * cross_dim;
        layer.flops = 4 * out * inner * n + 4 * double(cond_dim_) * inner * context + 4 * inner * keys * n;
        layer.saved = (3 * out + 2 * inner) * n + logits + 3 * inner * context;
        layer.forward = (2 * out + 2 * inner) * n + 2 * logits;
        layer.backward = (out + 2 * inner) * n + 2 * logits;
        ledger_.add(layer);
    }

    void nested(const BlockShape& b, double n)
    {
        const auto inner = nested_dim(b.out, o_.resnet_groups.at(b.level));
        ledger_.add({ .saved = double(b.out) * n });
        ledger_.hold(double(b.out) * n);
        for (std::int64_t i = 0; i <= b.depth; ++i) {
            const auto m = n / double(std::int64_t(1) << (2 * i));
            ledger_.add(conv_block(i == 0 ? b.out : inner, inner, m));
            ledger_.add({ .saved = double(i == 0 ? inner : 4 * inner) * m }); // and pooled, with its indices
            ledger_.hold(double(inner) * m);
        }
        for (auto i = b.depth; i > 0; --i) {
            const auto m = n / double(std::int64_t(1) << (2 * (i - 1)));
            ledger_.add({ .saved = double(2 * inner) * m });
            ledger_.add(conv_block(2 * inner, i == 1 ? b.out : inner, m));
        }
        for (std::int64_t i = 0; i <= b.depth; ++i)
            ledger_.hold(-double(inner) * n / double(std::int64_t(1) << (2 * i)));
        ledger_.hold(-double(b.out) * n);
    }

    void attention(std::int64_t dim, const std::string& kind, double n)
    {
        const auto in_one = n / batch_; // pixels of one map
        const auto window = std::min(double(o_.attn_window * o_.attn_window), in_one);
        if (kind == "full")
            softmax_attention(dim, n, in_one, /*windows=*/false);
        if (kind == "linear")
            linear_attention(dim, n);
        if (kind == "block" || kind == "grid" || kind == "maxvit")
            softmax_attention(dim, n, window, true);
        if (kind == "maxvit")
            softmax_attention(dim, n, window, true);
    }

    void softmax_attention(std::int64_t dim, double n, double keys, bool windows)
    {
        const auto h = double(o_.attn_heads), d = double(o_.attn_dim_head), inner = h * d, c = double(dim);
        const auto logits = h * (keys + 1) * n;
        LayerCost layer;
        layer.parameters = 2 * dim + 2 * o_.attn_dim_head + 2 * dim * (o_.attn_heads + 1) * o_.attn_dim_head;
        layer.flops = (4 * c * inner + 4 * c * d + 4 * (keys + 1) * inner) * n;
        layer.saved = (3 * c + 2 * inner + 4 * d) * n + logits;
        layer.forward = (2 * c + 2 * inner) * n + 2 * logits;
        layer.backward = (c + 2 * inner) * n + 2 * logits;
        if (o_.cosine_sim_self_attn)
            layer.saved += 2 * inner * n;
        if (windows) {
            const auto table = 2 * o_.attn_window - 1;
            layer.parameters += table * table * o_.attn_heads;
            layer.saved += c * n; // cut into windows
        }
        ledger_.add(layer);
    }

    void linear_attention(std::int64_t dim, double n)
    {
        const auto inner = o_.attn_heads * o_.attn_dim_head;
        LayerCost layer;
        layer.parameters = 2 * dim + 4 * dim * inner;
        layer.flops = (8. * double(dim * inner) + 4. * double(inner * o_.attn_dim_head)) * n;
        layer.saved = double(3 * dim + 13 * inner) * n;
        layer.forward = double(2 * dim + 9 * inner) * n;
        layer.backward = double(dim + 6 * inner) * n;
        ledger_.add(layer);
    }

    void downsample(std::int64_t dim, std::int64_t dim_out, double n)
    {
        if (o_.cross_embed_downsample) {
            cross_embed(dim, dim_out, o_.cross_embed_downsample_kernel_sizes, n, n / 4);
            return;
        }
        auto layer = conv(4 * dim, dim_out, 1, n / 4);
        layer.saved = double(dim) * n + double(dim_out) * n / 4;
        layer.forward += double(2 * dim) * n + double(dim_out) * n / 4;
        layer.backward += double(2 * dim) * n;
        ledger_.add(layer);
    }

    void upsample(std::int64_t dim, std::int64_t dim_out, double n)
    {
        auto layer = o_.pixel_shuffle_upsample ? conv(dim, 4 * dim_out, 1, n) : conv(dim, dim_out, 3, 4 * n);
        layer.saved = double(4 * (o_.pixel_shuffle_upsample ? dim_out : dim)) * n;
        layer.forward += double(dim + 8 * dim_out) * n;
        layer.backward += double(dim + 8 * dim_out) * n;
        ledger_.add(layer);
    }

    void down(std::size_t level)
    {
        const auto dim_in = dims_[level], dim_out = dims_[level + 1];
        const auto dim = o_.memory_efficient ? dim_out : dim_in;
        const auto n = pixels_at(level);
        if (o_.memory_efficient)
            downsample(dim_in, dim_out, 4 * n);
        block({ .in = dim, .out = dim, .level = level }, n);
        const auto tokens = cross_attends_at(o_, level) ? tokens_ : 0;
        for (std::int64_t i = 0; i < o_.num_resnet_blocks.at(level); ++i) {
            block({ dim, dim, tokens, level, nested_depth(o_, level) }, n);
            ledger_.hold(double(dim) * n);
        }
        const auto kind = attention_at(o_, level);
        attention(dim, kind, n);
        if (kind != "none")
            ledger_.hold(double(dim) * n);
        if (level + 2 == dims_.size() || o_.memory_efficient)
            plain_conv(dim, dim_out, 1, n);
        else
            downsample(dim, dim_out, n);
    }

    void middle()
    {
        const auto last = o_.dim_mults.size() - 1;
        const auto dim = dims_.back();
        const auto tokens = cross_attends_at_middle(o_) ? middle_tokens_ : 0;
        block({ dim, dim, tokens, last }, pixels_at(last));
        if (o_.attend_at_middle)
            attention(dim, "full", pixels_at(last));
        block({ .in = dim, .out = dim, .tokens = tokens, .level = last, .keeps_output = false },
              pixels_at(last));
    }

    void up(std::size_t level)
    {
        const auto dim_in = dims_[level], dim = dims_[level + 1];
        const auto skip = o_.memory_efficient ? dim : dim_in;
        const auto n = pixels_at(level);
        const auto tokens = cross_attends_at(o_, level) ? tokens_ : 0;
        const auto blocks = o_.num_resnet_blocks.at(level);
        const auto kind = attention_at(o_, level);
        for (std::int64_t i = 0; i <= blocks; ++i) {
            if (i > 0 || kind != "none") // without attention one map serves twice
                ledger_.hold(-double(skip) * n);
            block({ dim + skip, dim, tokens, level, i == 0 ? 0 : nested_depth(o_, level), true, i == blocks },
                  n);
        }
        attention(dim, kind, n);
        if (o_.combine_upsample_fmaps)
            ledger_.hold(double(dim) * n);
        if (level > 0 || o_.memory_efficient)
            upsample(dim, dim_in, n);
    }

    void head()
    {
        auto width = o_.memory_efficient ? dims_[0] : dims_[1];
        for (std::size_t i = 1; o_.combine_upsample_fmaps && i < dims_.size(); ++i) {
            ledger_.add({ .saved = double(dims_[i]) * pixels_ }); // resized
            ledger_.add(conv_block(dims_[i], o_.dim, pixels_));
            ledger_.hold(double(o_.dim) * pixels_);
            width += o_.dim;
        }
        block({ .in = width + dims_[0], .out = o_.dim, .from_skip = true }, pixels_);
        const auto in = o_.dim + (o_.lowres_cond ? o_.channels : 0);
        if (o_.lowres_cond)
            ledger_.add({ .saved = double(in) * pixels_ });
        plain_conv(in, o_.channels_out.value_or(o_.channels), o_.final_conv_kernel_size, pixels_);
    }

    UnetOptions o_;
    std::vector<std::int64_t> dims_;
    std::int64_t cond_dim_, tokens_ = 0, middle_tokens_ = 0;
    double batch_, pixels_;
    CostLedger ledger_;
};

} // namespace

NetworkCost cost_of(const UnetOptions& options, std::int64_t side, std::int64_t batch)
{
    check(options);
    if (is_adm(options))
        return adm_cost(options, side, batch);
    return UnetCost(options, side, batch).total(batch);
}

} // namespace reverie
