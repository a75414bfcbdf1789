// SPDX-License-Identifier: MIT
#include "core/models/cost.h"

#include <algorithm>

namespace reverie {

namespace {

/// Goes through a guided-diffusion U-Net as its forward pass does. `n` is a number of pixels in the whole
/// batch.
class AdmCost
{
public:
    AdmCost(const UnetOptions& options, std::int64_t side, std::int64_t batch)
        : o_(options)
        , batch_(double(batch))
        , pixels_(double(side * side * batch))
        , conditioned_(options.kind == "adm")
        , tokens_(conditioned_ ? options.num_image_tokens + options.max_text_len : 0)
    {
    }

    NetworkCost total(std::int64_t batch)
    {
        if (conditioned_)
            conditioning();
        trunk();
        auto cost = ledger_.total(batch);
        if (!conditioned_) { // two of them, one at a time
            cost.training_bytes += 4. * double(cost.parameters);
            cost.parameters *= 2;
        }
        return cost;
    }

private:
    [[nodiscard]] double pixels_at(std::size_t level) const
    {
        return pixels_ / double(std::int64_t(1) << (2 * level));
    }

    void linear(std::int64_t in, std::int64_t out, double rows)
    {
        const auto numbers = double(in + out) * rows;
        ledger_.add({ .parameters = in * out + out,
                      .flops = 2. * double(in * out) * rows,
                      .saved = numbers,
                      .forward = numbers,
                      .backward = numbers });
    }

    void conv(std::int64_t in, std::int64_t out, std::int64_t kernel, double n)
    {
        const auto weights = in * out * kernel * kernel;
        ledger_.add({ .parameters = weights + out,
                      .flops = 2. * double(weights) * n,
                      .saved = double(in + out) * n,
                      .forward = double(weights) + double(2 * in + 2 * out) * n,
                      .backward = 2. * double(weights) + double(2 * in + out) * n });
    }

    void norm(std::int64_t channels, double n)
    {
        ledger_.add({ .parameters = 2 * channels,
                      .saved = double(2 * channels) * n,
                      .forward = double(3 * channels) * n,
                      .backward = double(2 * channels) * n });
    }

    void conditioning()
    {
        const auto embed = 4 * o_.dim, image = o_.image_embed_dim.value_or(0),
                   text = o_.text_embed_dim.value_or(0), width = o_.cond_dim.value_or(0);
        linear(image, embed, batch_);
        linear(text, embed, batch_);
        linear(image, width * o_.num_image_tokens, batch_);
        linear(text, width, batch_ * double(o_.max_text_len));
        ledger_.add({ .parameters = 2 * width + image, .saved = double(width * tokens_) * batch_ });
    }

    void block(std::int64_t in, std::int64_t out, double n)
    {
        ledger_.hold(double(in) * n); // for the skip around it
        norm(in, n);
        conv(in, out, 3, n);
        linear(4 * o_.dim, conditioned_ ? 2 * out : out, batch_);
        norm(out, n);
        conv(out, out, 3, n);
        if (in != out)
            conv(in, out, 1, n);
        ledger_.hold(-double(in) * n);
    }

    void attention(std::int64_t dim, double n)
    {
        const auto width = o_.cond_dim.value_or(0);
        const auto keys = n / batch_ + double(tokens_), c = double(dim);
        const auto logits = double(dim / o_.attn_dim_head) * keys * n;
        ledger_.add(
            { .parameters = 2 * dim + 4 * dim * dim + 4 * dim + 2 * width * dim + 2 * dim,
              .flops = (8 * c * c + 4 * c * keys) * n + 4. * double(width * dim) * double(tokens_) * batch_,
              .saved = 6 * c * n + logits,
              .forward = 6 * c * n + 2 * logits,
              .backward = 6 * c * n + 2 * logits });
    }

    [[nodiscard]] bool attends(std::size_t level) const
    {
        return conditioned_ && attention_at(o_, level) != "none";
    }

    void trunk()
    {
        const auto first = o_.dim * o_.dim_mults[0];
        linear(o_.dim, 4 * o_.dim, batch_);
        linear(4 * o_.dim, 4 * o_.dim, batch_);
        conv(o_.channels * (o_.lowres_cond ? 2 : 1), first, 3, pixels_);
        std::vector<std::int64_t> skipped{ first };
        std::vector<double> held{ double(first) * pixels_ };
        auto channels = first;
        const auto keep = [&](std::int64_t dim, double n) {
            skipped.push_back(dim);
            held.push_back(double(dim) * n);
            ledger_.hold(held.back());
        };
        ledger_.hold(held[0]);
        for (std::size_t level = 0; level < o_.dim_mults.size(); ++level) {
            const auto dim = o_.dim * o_.dim_mults[level];
            for (std::int64_t i = 0; i < o_.num_resnet_blocks.at(level); ++i) {
                block(channels, dim, pixels_at(level));
                if (attends(level))
                    attention(dim, pixels_at(level));
                channels = dim;
                keep(channels, pixels_at(level));
            }
            if (level + 1 < o_.dim_mults.size()) {
                block(channels, channels, pixels_at(level + 1));
                keep(channels, pixels_at(level + 1));
            }
        }
        const auto last = o_.dim_mults.size() - 1;
        block(channels, channels, pixels_at(last));
        if (conditioned_)
            attention(channels, pixels_at(last));
        block(channels, channels, pixels_at(last));
        for (auto level = o_.dim_mults.size(); level-- > 0;) {
            const auto dim = o_.dim * o_.dim_mults[level];
            for (std::int64_t i = 0; i <= o_.num_resnet_blocks.at(level); ++i) {
                block(channels + skipped.back(), dim, pixels_at(level));
                ledger_.hold(-held.back());
                skipped.pop_back();
                held.pop_back();
                if (attends(level))
                    attention(dim, pixels_at(level));
                channels = dim;
            }
            if (level > 0)
                block(channels, channels, pixels_at(level - 1));
        }
        norm(first, pixels_);
        conv(first, o_.channels_out.value_or(o_.channels), 3, pixels_);
    }

    const UnetOptions& o_;
    double batch_, pixels_;
    bool conditioned_;
    std::int64_t tokens_;
    CostLedger ledger_;
};

} // namespace

NetworkCost adm_cost(const UnetOptions& options, std::int64_t side, std::int64_t batch)
{
    return AdmCost(options, side, batch).total(batch);
}

NetworkCost cost_of(const PriorTransformerOptions& o, std::int64_t batch)
{
    const auto tokens = o.text_ctx + 4; // and the text's embedding, the time, the image's, the query
    const auto rows = double(tokens * batch), c = double(o.xf_width);
    const auto logits = double(o.xf_heads * tokens) * rows;
    CostLedger ledger;
    const auto linear = [&](std::int64_t in, std::int64_t out, double count) {
        ledger.add({ .parameters = in * out + out,
                     .flops = 2. * double(in * out) * count,
                     .saved = double(in + out) * count,
                     .forward = double(in + out) * count,
                     .backward = double(in + out) * count });
    };
    linear(o.xf_width, o.xf_width, double(batch));
    linear(o.xf_width, o.xf_width, double(batch));
    linear(o.clip_dim, o.xf_width, double(o.text_ctx * batch));
    linear(o.clip_dim, o.xf_width, double(batch));
    linear(o.clip_dim, o.xf_width, double(batch));
    ledger.add({ .parameters = (tokens + 1) * o.xf_width + (o.xf_final_ln ? 2 * o.xf_width : 0),
                 .saved = c * rows });
    for (std::int64_t layer = 0; layer < o.xf_layers; ++layer) {
        ledger.add({ .parameters = 2 * o.xf_width + 4 * o.xf_width * o.xf_width + 4 * o.xf_width,
                     .flops = (8 * c * c + 4 * double(tokens) * c) * rows,
                     .saved = 6 * c * rows + logits,
                     .forward = 6 * c * rows + 2 * logits,
                     .backward = 5 * c * rows + 2 * logits });
        ledger.add({ .parameters = 2 * o.xf_width + 8 * o.xf_width * o.xf_width + 5 * o.xf_width,
                     .flops = 16 * c * c * rows,
                     .saved = 10 * c * rows,
                     .forward = 10 * c * rows,
                     .backward = 9 * c * rows });
    }
    linear(o.xf_width, o.clip_dim, double(batch));
    return ledger.total(batch);
}

NetworkCost cost_of(const OpenAiClipOptions& o, std::int64_t batch)
{
    CostLedger ledger;
    const auto tower = [&](std::int64_t width, std::int64_t layers, std::int64_t heads, std::int64_t tokens) {
        const auto rows = double(tokens * batch), c = double(width), logits = double(heads * tokens) * rows;
        for (std::int64_t layer = 0; layer < layers; ++layer)
            ledger.add({ .parameters = 12 * width * width + 13 * width,
                         .flops = (24 * c * c + 4 * double(tokens) * c) * rows,
                         .saved = 18 * c * rows + logits,
                         .forward = 10 * c * rows + 2 * logits,
                         .backward = 10 * c * rows + 2 * logits });
    };
    ledger.add(
        { .parameters = (o.vocab_size + o.context_length + o.embed_dim + 2) * o.transformer_width + 1 });
    tower(o.transformer_width, o.transformer_layers, o.transformer_heads, o.context_length);
    if (!o.vision_layers.is_list() && o.vision_layers.at(0) > 0) {
        constexpr std::int64_t head_width = 64;
        const auto patch = o.vision_patch_size.value_or(1), side = o.image_resolution / patch,
                   tokens = side * side + 1, pixels = 3 * patch * patch;
        ledger.add({ .parameters = (pixels + 1 + tokens + 4 + o.embed_dim) * o.vision_width,
                     .flops = 2. * double(pixels * o.vision_width * tokens * batch),
                     .saved = double((pixels + o.vision_width) * tokens * batch) });
        tower(o.vision_width, o.vision_layers.at(0), o.vision_width / head_width, tokens);
    }
    return ledger.total(batch);
}

} // namespace reverie
