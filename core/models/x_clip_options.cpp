// SPDX-License-Identifier: MIT
#include "core/models/x_clip_options.h"

#include "core/base/error.h"

#include <cmath>
#include <initializer_list>
#include <sstream>

namespace reverie {

namespace {

/// The text of a number as one would write it in a configuration.
template <class T>
std::string written(const T& value)
{
    std::ostringstream out;
    out << value;
    return out.str();
}

void check_share(double value, const char* name, bool one_allowed = true)
{
    if (!(value >= 0 && (value < 1 || (one_allowed && value == 1))))
        throw UsageError("clip." + std::string(name) + " is " + written(value)
                         + "; it must lie between 0 and " + (one_allowed ? "1." : "1, and below 1."));
}

void check_towers(const XClipOptions& o)
{
    for (const auto& [value, name] : std::initializer_list<std::pair<std::int64_t, const char*>>{
             { o.dim_text, "dim_text" },
             { o.dim_image, "dim_image" },
             { o.dim_latent, "dim_latent" },
             { o.num_text_tokens, "num_text_tokens" },
             { o.text_seq_len, "text_seq_len" },
             { o.text_heads, "text_heads" },
             { o.text_dim_head, "text_dim_head" },
             { o.visual_heads, "visual_heads" },
             { o.visual_dim_head, "visual_dim_head" },
             { o.visual_image_size, "visual_image_size" },
             { o.visual_patch_size, "visual_patch_size" },
             { o.channels, "channels" } })
        if (value < 1)
            throw UsageError("clip." + std::string(name) + " is " + written(value)
                             + "; it must be at least 1.");
    if (o.visual_image_size % o.visual_patch_size != 0)
        throw UsageError("clip.visual_image_size is " + written(o.visual_image_size)
                         + " and clip.visual_patch_size " + written(o.visual_patch_size)
                         + "; the first must be a multiple of the second.");
    check_share(o.visual_patch_dropout, "visual_patch_dropout", /*one_allowed=*/false);
    if (o.text_rotary_pos_emb && o.text_dim_head % 2 != 0)
        throw UsageError("clip.text_rotary_pos_emb is true and clip.text_dim_head " + written(o.text_dim_head)
                         + "; rotary positions turn pairs of channels, so it must be even.");
    if (!o.text_causal_mask)
        return;
    if (!o.text_eos_id)
        throw UsageError(
            "clip.text_causal_mask is true and clip.text_eos_id is not set; with a causal mask the "
            "end token stands for the text, so say which it is.");
    if (*o.text_eos_id < 0 || *o.text_eos_id >= o.num_text_tokens)
        throw UsageError("clip.text_eos_id is " + written(*o.text_eos_id) + " and clip.num_text_tokens "
                         + written(o.num_text_tokens) + "; the end token must be below that.");
    if (*o.text_eos_id == o.text_pad_id)
        throw UsageError("clip.text_eos_id and clip.text_pad_id are both " + written(o.text_pad_id)
                         + "; the end of a text must differ from its padding.");
}

void check_comparison(const XClipOptions& o)
{
    if (!o.use_all_token_embeds && !o.text_has_cls_token && !o.visual_has_cls_token)
        throw UsageError("clip.text_has_cls_token and clip.visual_has_cls_token are both false; without "
                         "clip.use_all_token_embeds it is those tokens that are compared.");
    if (o.downsample_image_embeds) {
        if (!o.use_all_token_embeds)
            throw UsageError("clip.downsample_image_embeds is true and clip.use_all_token_embeds false; a "
                             "single embedding can't be made smaller, so set both or neither.");
        const auto side = o.visual_image_size / o.visual_patch_size;
        patch_grid(side * side + (o.visual_has_cls_token ? 0 : 1));
    }
    if (o.sim_reg_loss_weight > 0 && o.use_all_token_embeds)
        throw UsageError(
            "clip.sim_reg_loss_weight is " + written(o.sim_reg_loss_weight)
            + " and clip.use_all_token_embeds true; texts and pictures of unlike numbers of tokens "
              "have no similarities to hold together, so set one of them to 0 or false.");
}

void check_self_supervision(const XClipOptions& o)
{
    if (o.use_mlm) {
        check_share(o.mlm_mask_prob, "mlm_mask_prob");
        check_share(o.mlm_replace_prob, "mlm_replace_prob");
        check_share(o.mlm_random_token_prob, "mlm_random_token_prob");
        if (o.mlm_mask_prob == 0)
            throw UsageError("clip.use_mlm is true and clip.mlm_mask_prob 0; nothing would be masked.");
        if (o.mlm_mask_token_id < 0 || o.mlm_mask_token_id > o.num_text_tokens)
            throw UsageError("clip.mlm_mask_token_id is " + written(o.mlm_mask_token_id)
                             + " and clip.num_text_tokens " + written(o.num_text_tokens)
                             + "; the mask must be one of the tokens or the one after the last.");
    }
    if (o.use_visual_ssl && o.visual_ssl_type != "simsiam" && o.visual_ssl_type != "simclr")
        throw UsageError("clip.visual_ssl_type is \"" + o.visual_ssl_type + "\"; choose simsiam or simclr.");
    const double text_weight = o.use_mlm ? o.text_ssl_loss_weight : 0;
    const double image_weight = o.use_visual_ssl ? o.image_ssl_loss_weight : 0;
    if (text_weight + image_weight >= 1)
        throw UsageError(
            "clip.text_ssl_loss_weight is " + written(text_weight) + " and clip.image_ssl_loss_weight "
            + written(image_weight)
            + "; their sum must stay below 1, or nothing is left for pairing texts with pictures.");
}

} // namespace

void check(const XClipOptions& options)
{
    check_towers(options);
    check_comparison(options);
    check_self_supervision(options);
}

std::pair<std::int64_t, std::int64_t> patch_grid(std::int64_t patches)
{
    const auto rows = static_cast<std::int64_t>(std::sqrt(static_cast<double>(patches)));
    const auto columns = patches / rows;
    if (rows * columns != patches || rows < 2)
        throw UsageError("clip.downsample_image_embeds is true and there are " + written(patches)
                         + " patches to compare; choose clip.visual_image_size, clip.visual_patch_size and "
                           "clip.visual_patch_dropout so that they form a rectangle of at least 2x2.");
    return { rows, columns };
}

} // namespace reverie
