// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"
#include "core/models/clip.h"
#include "core/models/mlm.h"
#include "core/models/visual_ssl.h"
#include "core/models/x_clip_options.h"
#include "core/nn/clip_transformer.h"

#include <torch/nn/modules/container/any.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace reverie {

/// One side of both modalities, as the loss compares them.
struct ClipLatents {
    Tensor text, image; ///< (b, d), or (b, n, d) and (b, m, d) with use_all_token_embeds
    Tensor text_extra, image_extra; ///< the same; undefined without extra_latent_projection
};

/// What a batch of pairs may bring to the loss besides.
struct XClipExtras {
    std::vector<Tensor> aug_text{}, aug_image{}; ///< further views of all texts and of all pictures
    bool freeze_text_encoder = false; ///< that tower learns nothing from the pairs
    bool freeze_image_encoder = false; ///< LiT (Zhai et al. 2021)
    /// The two views of the pictures for self-supervision; none: augment() makes them.
    std::optional<std::pair<Tensor, Tensor>> ssl_views{};
    AllRows all_rows{}; ///< pairs are compared with those of other processes too; each gets the common loss
};

/// CLIP (Radford et al. 2021) with x-clip's additions. Throws UsageError for options that can't be built.
class XClipImpl : public Clip
{
public:
    explicit XClipImpl(const XClipOptions& options);

    /// Text with its [cls] first: (b, 1 + n, dim_text). With text_causal_mask its end token stands first
    /// instead and is missing among the others: (b, n, dim_text).
    Tensor encode_text(const Tensor& text, const Tensor& mask = {});
    /// Image with its [cls] first: (b, 1 + m, dim_image). `noise` chooses the patches dropped in training.
    Tensor encode_image(const Tensor& image, Noise* noise = nullptr);
    ClipLatents latents(const Tensor& text, const Tensor& image);
    /// exp(temperature) * similarity of pairs: (b), or (b, n) / (b, m) per token with use_all_token_embeds.
    Tensor similarity(const Tensor& text, const Tensor& image, bool text_to_image = true);
    /// The loss of a batch of pairs, in training mode: ().
    /// (1 - w_text - w_image - w_views) contrastive + w_text mlm + w_image visual_ssl + w_views
    /// mean(contrastive of the other pairs of views) + sim_reg_loss_weight sim_reg, each w 0 for what is not
    /// used.
    Tensor loss(const Tensor& text, const Tensor& image, Noise& noise, const XClipExtras& extras = {});
    /// The same towards embeddings (b, dim_latent) of pictures that stay as they are, so that only the text
    /// tower learns (LiT, Zhai et al. 2021). Without use_all_token_embeds and visual self-supervision.
    Tensor loss_to_embeds(const Tensor& text, const Tensor& image_embed, Noise& noise,
                          const AllRows& all_rows = {});

    /// `log_scale` is what training starts from; the reference starts from 1, OpenAI's CLIP from 2.66.
    void set_temperature(double log_scale);

    [[nodiscard]] const XClipOptions& options() const { return options_; }
    [[nodiscard]] std::int64_t dim_latent() const override { return options_.dim_latent; }
    [[nodiscard]] std::int64_t dim_text() const override { return options_.dim_text; }
    [[nodiscard]] std::int64_t image_size() const override { return options_.visual_image_size; }
    [[nodiscard]] std::int64_t image_channels() const override { return options_.channels; }
    [[nodiscard]] std::int64_t max_text_len() const override { return options_.text_seq_len; }
    [[nodiscard]] std::int64_t num_text_tokens() const override { return options_.num_text_tokens; }
    [[nodiscard]] TextFrame text_frame() const override;
    EmbeddedText embed_text(const Tensor& text) override;
    EmbeddedImage embed_image(const Tensor& image, Noise* noise = nullptr) override;

private:
    [[nodiscard]] Tensor is_token(const Tensor& text) const { return text != options_.text_pad_id; }
    [[nodiscard]] Tensor mask_of_encoded(const Tensor& text) const;
    ClipLatents latents_of(const Tensor& encoded_text, const Tensor& encoded_image);
    Tensor contrastive_loss(const ClipLatents& latents, const Tensor& mask) const;
    Tensor visual_ssl_loss(const Tensor& image, Noise& noise, const XClipExtras& extras);

    XClipOptions options_;
    ClipTextTransformer text_transformer{ nullptr };
    ClipVisionTransformer visual_transformer{ nullptr };
    Mlm mlm{ nullptr };
    std::shared_ptr<VisualSsl> visual_ssl;
    torch::nn::Linear to_text_latent{ nullptr };
    torch::nn::AnyModule to_visual_latent; ///< linear, or with downsample_image_embeds a convolution
    torch::nn::Linear to_text_latent_extra{ nullptr };
    torch::nn::AnyModule to_visual_latent_extra; ///< the extra ones are always there, as in the reference
    Tensor temperature; ///< (), its logarithm
};
TORCH_MODULE(XClip);

} // namespace reverie
