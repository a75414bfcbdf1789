// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace reverie {

/// x-clip 0.14.4's options and defaults.
struct XClipOptions {
    std::int64_t dim_text = 512, dim_image = 512,
                 dim_latent = 512; ///< widths of the towers and of the shared space
    std::int64_t num_text_tokens = 10000; ///< vocabulary
    std::int64_t text_enc_depth = 6;
    std::int64_t text_seq_len = 256;
    std::int64_t text_heads = 8;
    std::int64_t text_dim_head = 64;
    bool text_has_cls_token = true; ///< false: use_all_token_embeds compares [cls] too, which is there anyway
    std::int64_t text_pad_id = 0;
    bool text_rotary_pos_emb = false; ///< rotary positions in the text tower instead of learned ones
    bool text_causal_mask = false; ///< text sees only what came before; its end token stands for all of it
    std::optional<std::int64_t> text_eos_id; ///< that end token, which every text must then have
    bool text_encode_without_mask = false; ///< let text attend to its padding
    std::int64_t visual_enc_depth = 6;
    std::int64_t visual_heads = 8;
    std::int64_t visual_dim_head = 64;
    std::int64_t visual_image_size = 256;
    std::int64_t visual_patch_size = 32;
    double visual_patch_dropout = 0.5; ///< share of patches left out in training (FLIP)
    bool visual_has_cls_token = true; ///< as for text
    std::int64_t channels = 3;
    bool use_all_token_embeds = false; ///< FILIP: compare every token with every patch
    /// Compare a quarter as many patches, put together by convolution, with use_all_token_embeds. In training
    /// with patch dropout those that are left form a smaller picture in the order they were drawn in, as in
    /// the reference; set visual_patch_dropout to 0 for neighbours that are neighbours.
    bool downsample_image_embeds = false;
    bool decoupled_contrastive_learning = false; ///< DCL: the positive leaves the denominator
    bool extra_latent_projection = false; ///< CLOOB: separate projections for the two directions
    bool use_mlm = false; ///< masked language modelling; adds an embedding to the vocabulary
    double mlm_mask_prob = 0.15; ///< see MlmOptions
    double mlm_replace_prob = 0.9;
    double mlm_random_token_prob = 0;
    std::int64_t mlm_mask_token_id = 2; ///< num_text_tokens is the added embedding, which no token has
    std::optional<std::int64_t> mlm_pad_token_id; ///< none: text_pad_id. The reference: 0
    std::vector<std::int64_t> mlm_mask_ignore_token_ids;
    double text_ssl_loss_weight = 0.05; ///< with use_mlm
    bool use_visual_ssl = false; ///< self-supervision of the image tower
    std::string visual_ssl_type = "simsiam"; ///< or "simclr"
    std::int64_t visual_ssl_hidden_layer = -1; ///< see VisualSslOptions
    std::optional<std::int64_t> visual_ssl_projection_size; ///< none: 256 for SimSiam, 128 for SimCLR
    std::int64_t visual_ssl_projection_hidden_size = 4096;
    double simclr_temperature = 0.1;
    /// With use_visual_ssl. The reference computes this loss but leaves it out of the sum where a module was
    /// given as visual_ssl= alone; write 0 here to go on from such a training.
    double image_ssl_loss_weight = 0.05;
    double multiview_loss_weight = 0.1; ///< of the further views that a batch brings
    double sim_reg_loss_weight = 0.; ///< similarity regularisation of the off-diagonal
    bool checkpoint_during_training = false; ///< less memory for more computing, see checkpointed()
    static void visit(auto& self, auto&& field)
    {
        field("dim_text", self.dim_text);
        field("dim_image", self.dim_image);
        field("dim_latent", self.dim_latent);
        field("num_text_tokens", self.num_text_tokens);
        field("text_enc_depth", self.text_enc_depth);
        field("text_seq_len", self.text_seq_len);
        field("text_heads", self.text_heads);
        field("text_dim_head", self.text_dim_head);
        field("text_has_cls_token", self.text_has_cls_token);
        field("text_pad_id", self.text_pad_id);
        field("text_rotary_pos_emb", self.text_rotary_pos_emb);
        field("text_causal_mask", self.text_causal_mask);
        field("text_eos_id", self.text_eos_id);
        field("text_encode_without_mask", self.text_encode_without_mask);
        field("visual_enc_depth", self.visual_enc_depth);
        field("visual_heads", self.visual_heads);
        field("visual_dim_head", self.visual_dim_head);
        field("visual_image_size", self.visual_image_size);
        field("visual_patch_size", self.visual_patch_size);
        field("visual_patch_dropout", self.visual_patch_dropout);
        field("visual_has_cls_token", self.visual_has_cls_token);
        field("channels", self.channels);
        field("use_all_token_embeds", self.use_all_token_embeds);
        field("downsample_image_embeds", self.downsample_image_embeds);
        field("decoupled_contrastive_learning", self.decoupled_contrastive_learning);
        field("extra_latent_projection", self.extra_latent_projection);
        field("use_mlm", self.use_mlm);
        field("mlm_mask_prob", self.mlm_mask_prob);
        field("mlm_replace_prob", self.mlm_replace_prob);
        field("mlm_random_token_prob", self.mlm_random_token_prob);
        field("mlm_mask_token_id", self.mlm_mask_token_id);
        field("mlm_pad_token_id", self.mlm_pad_token_id);
        field("mlm_mask_ignore_token_ids", self.mlm_mask_ignore_token_ids);
        field("text_ssl_loss_weight", self.text_ssl_loss_weight);
        field("use_visual_ssl", self.use_visual_ssl);
        field("visual_ssl_type", self.visual_ssl_type);
        field("visual_ssl_hidden_layer", self.visual_ssl_hidden_layer);
        field("visual_ssl_projection_size", self.visual_ssl_projection_size);
        field("visual_ssl_projection_hidden_size", self.visual_ssl_projection_hidden_size);
        field("simclr_temperature", self.simclr_temperature);
        field("image_ssl_loss_weight", self.image_ssl_loss_weight);
        field("multiview_loss_weight", self.multiview_loss_weight);
        field("sim_reg_loss_weight", self.sim_reg_loss_weight);
        field("checkpoint_during_training", self.checkpoint_during_training);
    }
};

/// Throws UsageError for options that can't be built, naming the values that don't go together.
void check(const XClipOptions& options);

/// Height and width of the rectangle that downsample_image_embeds makes of `patches` in a row. Throws
/// UsageError if there is none.
std::pair<std::int64_t, std::int64_t> patch_grid(std::int64_t patches);

} // namespace reverie
