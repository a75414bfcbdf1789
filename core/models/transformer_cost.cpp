// SPDX-License-Identifier: MIT
#include "core/models/cost.h"

#include <algorithm>

namespace reverie {

namespace {

struct ClipTower {
    std::int64_t dim, depth, heads, dim_head, tokens;
};

/// x-clip's transformer on `rows` tokens.
void add_clip_transformer(CostLedger& ledger, const ClipTower& t, double rows)
{
    constexpr std::int64_t mult = 4;
    const auto inner_dim = t.heads * t.dim_head, wide_dim = mult * t.dim;
    const auto c = double(t.dim), inner = double(inner_dim), wide = double(wide_dim),
               logits = double(t.heads * t.tokens) * rows;
    ledger.add({ .parameters = 2 * t.dim, .saved = 2 * c * rows });
    for (std::int64_t layer = 0; layer < t.depth; ++layer) {
        ledger.add({ .parameters = 2 * t.dim + 4 * t.dim * inner_dim,
                     .flops = (8 * c * inner + 4 * double(t.tokens) * inner) * rows,
                     .saved = (3 * c + 4 * inner) * rows + logits,
                     .forward = (2 * c + 5 * inner) * rows + 2 * logits,
                     .backward = (c + 5 * inner) * rows + 2 * logits });
        ledger.add({ .parameters = t.dim + 3 * t.dim * wide_dim + wide_dim,
                     .flops = 6 * c * wide * rows,
                     .saved = (2 * c + 5 * wide) * rows,
                     .forward = (2 * c + 4 * wide) * rows,
                     .backward = (c + 4 * wide) * rows });
    }
}

} // namespace

NetworkCost cost_of(const XClipOptions& o, std::int64_t batch)
{
    CostLedger ledger;
    const auto sequence = o.text_seq_len + (o.text_causal_mask ? 0 : 1);
    ledger.add({ .parameters = (o.num_text_tokens + (o.text_rotary_pos_emb ? 0 : o.text_seq_len)
                                + (o.text_causal_mask ? 0 : 1))
                     * o.dim_text });
    add_clip_transformer(ledger, { o.dim_text, o.text_enc_depth, o.text_heads, o.text_dim_head, sequence },
                         double(sequence * batch));
    const auto side = o.visual_image_size / o.visual_patch_size, patches = side * side,
               patch = o.visual_patch_size * o.visual_patch_size * o.channels;
    const auto kept = std::max<std::int64_t>(1, std::int64_t(double(patches) * (1 - o.visual_patch_dropout)));
    ledger.add({ .parameters = (patch + 1 + patches + o.dim_image) * o.dim_image,
                 .flops = 2. * double(patch * o.dim_image * patches * batch),
                 .saved = double((patch + 2 * o.dim_image) * patches * batch) });
    add_clip_transformer(ledger, { o.dim_image, o.visual_enc_depth, o.visual_heads, o.visual_dim_head, kept },
                         double(kept * batch));
    const auto to_image_latent = o.downsample_image_embeds
        ? 16 * o.dim_image + o.dim_image * o.dim_latent + o.dim_latent
        : o.dim_image * o.dim_latent;
    ledger.add({ .parameters = 2 * (o.dim_text * o.dim_latent + to_image_latent) + 1 });
    constexpr double similarity_maps = 8; // of every text to every picture, both ways, with their gradients
    ledger.add({ .flops = 2. * double(o.dim_latent * batch) * double(batch),
                 .saved = similarity_maps * double(batch) * double(batch) });
    return ledger.total(batch);
}

NetworkCost cost_of(const PriorNetworkOptions& o, std::int64_t batch)
{
    const auto n = o.max_text_len + o.num_text_embeds + o.num_time_embeds + o.num_image_embeds
        + (o.self_cond ? 1 : 0) + 1; // tokens of a sample
    const auto rows = double(n * batch), c = double(o.dim), d = double(o.dim_head),
               inner = double(o.heads) * d, wide = double(o.ff_mult * o.dim);
    const auto logits = double(o.heads * (n + 1)) * rows;
    CostLedger ledger;
    const auto add_matrix = [&](std::int64_t in, std::int64_t out, std::int64_t bias, double count) {
        ledger.add({ .parameters = in * out + bias,
                     .flops = 2. * double(in * out) * count,
                     .saved = double(in + out) * count });
    };
    const auto tokens_of = [&](std::int64_t tokens) {
        if (tokens > 1)
            add_matrix(o.dim, o.dim * tokens, o.dim * tokens, double(batch));
    };
    tokens_of(o.num_text_embeds);
    tokens_of(o.num_image_embeds);
    const auto time = o.dim * o.num_time_embeds;
    if (o.num_timesteps) {
        ledger.add({ .parameters = *o.num_timesteps * time });
    } else {
        add_matrix(o.dim, 2 * time, 2 * time, double(batch));
        add_matrix(2 * time, 2 * time, 2 * time, double(batch));
        add_matrix(2 * time, time, time, double(batch));
    }
    // The query, the null conditions, relative positions (32 buckets) and the norms at both ends.
    ledger.add({ .parameters = o.dim * (2 + o.max_text_len + o.num_text_embeds) + 32 * o.heads
                     + o.dim * (int(o.norm_in) + int(o.norm_out)),
                 .saved = 2 * c * rows });
    ledger.hold(c * rows);
    for (std::int64_t layer = 0; layer < o.depth; ++layer) {
        ledger.add({ .parameters = 2 * o.dim + 2 * o.dim_head + 2 * o.dim * (o.heads + 1) * o.dim_head,
                     .flops = (4 * c * inner + 4 * c * d + 4 * double(n + 1) * inner) * rows,
                     .saved = (3 * c + (o.rotary_emb ? 7 : 3) * inner + 8 * d) * rows + logits,
                     .forward = (2 * c + 2 * inner) * rows + 2 * logits,
                     .backward = (2 * c + 2 * inner) * rows + 2 * logits });
        ledger.add(
            { .parameters = o.dim + 3 * o.dim * o.dim * o.ff_mult + (o.normformer ? o.dim * o.ff_mult : 0),
              .flops = 6 * c * wide * rows,
              .saved = (2 * c + (o.normformer ? 5 : 4) * wide) * rows,
              .forward = (2 * c + 4 * wide) * rows,
              .backward = (2 * c + 4 * wide) * rows });
    }
    if (o.final_proj)
        add_matrix(o.dim, o.dim, 0, rows);
    return ledger.total(batch);
}

} // namespace reverie
