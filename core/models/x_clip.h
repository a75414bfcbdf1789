// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"
#include "core/models/clip.h"
#include "core/nn/clip_transformer.h"

#include <memory>
#include <optional>

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
    bool text_has_cls_token = true; ///< kept for configurations; the encoder always has one
    std::int64_t text_pad_id = 0;
    bool text_rotary_pos_emb = false; ///< rotary positions in the text tower instead of learned ones
    bool text_causal_mask = false;
    std::optional<std::int64_t> text_eos_id; ///< needed with text_causal_mask
    bool text_encode_without_mask = false; ///< let text attend to its padding
    std::int64_t visual_enc_depth = 6;
    std::int64_t visual_heads = 8;
    std::int64_t visual_dim_head = 64;
    std::int64_t visual_image_size = 256;
    std::int64_t visual_patch_size = 32;
    double visual_patch_dropout = 0.5; ///< share of patches left out in training (FLIP)
    bool visual_has_cls_token = true;
    std::int64_t channels = 3;
    bool use_all_token_embeds = false; ///< FILIP: compare every token with every patch
    bool downsample_image_embeds = false;
    bool decoupled_contrastive_learning = false; ///< DCL: the positive leaves the denominator
    bool extra_latent_projection = false; ///< CLOOB: separate projections for the two directions
    bool use_mlm = false;
    double text_ssl_loss_weight = 0.05;
    bool use_visual_ssl = false;
    std::string visual_ssl_type = "simsiam";
    double image_ssl_loss_weight = 0.05;
    double multiview_loss_weight = 0.1;
    double sim_reg_loss_weight = 0.; ///< similarity regularisation of the off-diagonal
    bool checkpoint_during_training = false;
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
        field("text_ssl_loss_weight", self.text_ssl_loss_weight);
        field("use_visual_ssl", self.use_visual_ssl);
        field("visual_ssl_type", self.visual_ssl_type);
        field("image_ssl_loss_weight", self.image_ssl_loss_weight);
        field("multiview_loss_weight", self.multiview_loss_weight);
        field("sim_reg_loss_weight", self.sim_reg_loss_weight);
        field("checkpoint_during_training", self.checkpoint_during_training);
    }
};

/// One side of both modalities, as the loss compares them.
struct ClipLatents {
    Tensor text, image; ///< (b, d), or (b, n, d) and (b, m, d) with use_all_token_embeds
    Tensor text_extra, image_extra; ///< the same; undefined without extra_latent_projection
};

/// CLIP (Radford et al. 2021) with x-clip's additions. Throws UsageError for options that can't be built.
class XClipImpl : public Clip
{
public:
    explicit XClipImpl(const XClipOptions& options);

    /// Text with its [cls] first: (b, 1 + n, dim_text).
    Tensor encode_text(const Tensor& text, const Tensor& mask = {});
    /// Image with its [cls] first: (b, 1 + m, dim_image). `noise` chooses the patches dropped in training.
    Tensor encode_image(const Tensor& image, Noise* noise = nullptr);
    ClipLatents latents(const Tensor& text, const Tensor& image);
    /// exp(temperature) * similarity of pairs: (b), or (b, n) / (b, m) per token with use_all_token_embeds.
    Tensor similarity(const Tensor& text, const Tensor& image, bool text_to_image = true);
    /// The contrastive loss of a batch of pairs: ().
    Tensor loss(const Tensor& text, const Tensor& image, Noise& noise);
    /// The same towards embeddings (b, dim_latent) of pictures that stay as they are, so that only the text
    /// tower learns (LiT, Zhai et al. 2021). Without use_all_token_embeds.
    Tensor loss_to_embeds(const Tensor& text, const Tensor& image_embed);

    /// `log_scale` is what training starts from; the reference starts from 1, OpenAI's CLIP from 2.66.
    void set_temperature(double log_scale);

    [[nodiscard]] const XClipOptions& options() const { return options_; }
    [[nodiscard]] std::int64_t dim_latent() const override { return options_.dim_latent; }
    [[nodiscard]] std::int64_t dim_text() const override { return options_.dim_text; }
    [[nodiscard]] std::int64_t image_size() const override { return options_.visual_image_size; }
    [[nodiscard]] std::int64_t image_channels() const override { return options_.channels; }
    [[nodiscard]] std::int64_t max_text_len() const override { return options_.text_seq_len; }
    EmbeddedText embed_text(const Tensor& text) override;
    EmbeddedImage embed_image(const Tensor& image, Noise* noise = nullptr) override;

private:
    ClipLatents latents_of(const Tensor& encoded_text, const Tensor& encoded_image);
    Tensor loss_of(const ClipLatents& latents, const Tensor& mask) const;

    XClipOptions options_;
    ClipTextTransformer text_transformer{ nullptr };
    ClipVisionTransformer visual_transformer{ nullptr };
    torch::nn::Linear to_text_latent{ nullptr }, to_visual_latent{ nullptr };
    torch::nn::Linear to_text_latent_extra{ nullptr },
        to_visual_latent_extra{ nullptr }; ///< always there, as in the reference
    Tensor temperature; ///< (), its logarithm
};
TORCH_MODULE(XClip);

} // namespace reverie
