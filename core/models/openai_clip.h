// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/options.h"
#include "core/models/clip.h"
#include "core/nn/residual_attention.h"

#include <torch/nn/modules/container/any.h>
#include <torch/nn/modules/embedding.h>

#include <optional>
#include <vector>

namespace reverie {

/// The sizes of OpenAI's CLIP under the names its constructor gives them; ViT-B/32 by default.
struct OpenAiClipOptions {
    std::int64_t embed_dim = 512; ///< width of the shared space
    std::int64_t image_resolution = 224;
    PerStage<std::int64_t> vision_layers{ 12 }; ///< a list of four: a ResNet, otherwise a vision transformer;
                                                ///< 0: there is no image tower
    std::int64_t vision_width = 768; ///< one head for each 64
    std::optional<std::int64_t> vision_patch_size = 32; ///< a ResNet has none
    std::int64_t context_length = 77;
    std::int64_t vocab_size = 49408;
    std::int64_t transformer_width = 512; ///< of the text tower
    std::int64_t transformer_heads = 8;
    std::int64_t transformer_layers = 12;
    std::optional<std::int64_t> start_id; ///< before every text; none: the last but one of the vocabulary
    std::optional<std::int64_t> eos_id; ///< after every text; none: the last of the vocabulary
    bool normalize_embeds = true; ///< embeddings have unit length; else the towers' own, as Karlo reads them
    static void visit(auto& self, auto&& field)
    {
        field("embed_dim", self.embed_dim);
        field("image_resolution", self.image_resolution);
        field("vision_layers", self.vision_layers);
        field("vision_width", self.vision_width);
        field("vision_patch_size", self.vision_patch_size);
        field("context_length", self.context_length);
        field("vocab_size", self.vocab_size);
        field("transformer_width", self.transformer_width);
        field("transformer_heads", self.transformer_heads);
        field("transformer_layers", self.transformer_layers);
        field("start_id", self.start_id);
        field("eos_id", self.eos_id);
        field("normalize_embeds", self.normalize_embeds);
    }
};

/// What OpenAI's CLIP and its descendants are made of, whatever their configurations call it.
struct ClipArchitecture {
    std::int64_t embed_dim = 512;
    std::int64_t image_size = 224;
    std::int64_t patch_size = 32; ///< of a vision transformer
    std::vector<std::int64_t> resnet_layers; ///< of a ResNet; empty: a vision transformer
    ResidualAttentionOptions vision; ///< of a ResNet, its width and heads
    ResidualAttentionOptions text;
    std::int64_t context_length = 77;
    std::int64_t vocab_size = 49408;
    std::optional<std::int64_t> start_id, eos_id;
    bool image_tower = true;
    bool normalize_embeds = true;
};

/// A picture cut into patches, with a class token in front (Dosovitskiy et al. 2020).
class VisionTransformerImpl : public torch::nn::Module
{
public:
    explicit VisionTransformerImpl(const ClipArchitecture& architecture);
    Tensor forward(const Tensor& image); // (b, 3, size, size) -> (b, embed_dim)

private:
    torch::nn::Conv2d conv1{ nullptr };
    Tensor class_embedding; ///< (width)
    Tensor positional_embedding; ///< (1 + patches, width)
    torch::nn::LayerNorm ln_pre{ nullptr }, ln_post{ nullptr };
    ResidualAttentionTransformer transformer{ nullptr };
    Tensor proj; ///< (width, embed_dim)
};
TORCH_MODULE(VisionTransformer);

/// CLIP as OpenAI published it (Radford et al. 2021). A text has its start and end token around it; what
/// comes after the end is not looked at. Throws UsageError for sizes that don't fit together.
class OpenAiClipImpl : public Clip
{
public:
    explicit OpenAiClipImpl(const OpenAiClipOptions& options);

    /// image (b, 3, size, size), normalised as normalized() does -> (b, embed_dim)
    Tensor encode_image(const Tensor& image);
    /// int64 (b, n) -> (b, embed_dim): what the highest id of each text, its end token, has become.
    Tensor encode_text(const Tensor& text);
    /// What every token has become: int64 (b, n) -> (b, n, width of the text tower).
    Tensor encode_tokens(const Tensor& text);
    /// exp(logit_scale) times the cosine of every picture (normalised) with every text: (images, texts).
    Tensor logits_per_image(const Tensor& image, const Tensor& text);
    /// (b, 3, h, w) in [0, 1] to the mean and deviation that the model was trained with.
    [[nodiscard]] static Tensor normalized(const Tensor& image);

    [[nodiscard]] std::int64_t dim_latent() const override { return architecture_.embed_dim; }
    [[nodiscard]] std::int64_t dim_text() const override { return architecture_.text.width; }
    [[nodiscard]] std::int64_t image_size() const override { return architecture_.image_size; }
    [[nodiscard]] std::int64_t image_channels() const override { return 3; }
    [[nodiscard]] std::int64_t max_text_len() const override { return architecture_.context_length; }
    [[nodiscard]] std::int64_t num_text_tokens() const override { return architecture_.vocab_size; }
    [[nodiscard]] TextFrame text_frame() const override;
    /// The encodings are those of encode_tokens(); they are zero after the end token and, with
    /// normalize_embeds as the reference has it, where the id is 0.
    EmbeddedText embed_text(const Tensor& text) override;
    /// Throws UsageError if there is no image tower.
    EmbeddedImage embed_image(const Tensor& image, Noise* noise = nullptr) override;

protected:
    explicit OpenAiClipImpl(const ClipArchitecture& architecture);

private:
    void require_image_tower() const; ///< throws UsageError
    [[nodiscard]] Tensor at_length(const Tensor& embed) const;
    Tensor projected(const Tensor& tokens, const Tensor& text) const;

    ClipArchitecture architecture_;
    torch::nn::AnyModule visual;
    ResidualAttentionTransformer transformer{ nullptr };
    torch::nn::Embedding token_embedding{ nullptr };
    Tensor positional_embedding; ///< (context_length, width)
    torch::nn::LayerNorm ln_final{ nullptr };
    Tensor text_projection; ///< (width, embed_dim)
    Tensor logit_scale; ///< (), its logarithm
};
TORCH_MODULE(OpenAiClip);

} // namespace reverie
