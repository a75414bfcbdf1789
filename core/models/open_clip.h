// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/openai_clip.h"

#include <string>

namespace reverie {

/// The image tower in OpenCLIP's model configurations.
struct OpenClipVisionOptions {
    PerStage<std::int64_t> layers{
        12
    }; ///< a list of four: a ResNet, otherwise a vision transformer; 0: none
    std::int64_t width = 768;
    std::int64_t head_width = 64;
    double mlp_ratio = 4;
    std::optional<std::int64_t> patch_size = 16; ///< a ResNet has none
    std::int64_t image_size = 224;
    std::optional<double> ls_init_value; ///< see ResidualAttentionOptions
    bool attentional_pool = false; ///< CoCa's; not supported
    std::optional<std::string> timm_model_name; ///< not supported
    static void visit(auto& self, auto&& field)
    {
        field("layers", self.layers);
        field("width", self.width);
        field("head_width", self.head_width);
        field("mlp_ratio", self.mlp_ratio);
        field("patch_size", self.patch_size);
        field("image_size", self.image_size);
        field("ls_init_value", self.ls_init_value);
        field("attentional_pool", self.attentional_pool);
        field("timm_model_name", self.timm_model_name);
    }
};

/// The text tower in OpenCLIP's model configurations.
struct OpenClipTextOptions {
    std::int64_t context_length = 77;
    std::int64_t vocab_size = 49408;
    std::int64_t width = 512;
    std::int64_t heads = 8;
    std::int64_t layers = 12;
    double mlp_ratio = 4;
    std::optional<double> ls_init_value;
    std::optional<std::string> hf_model_name; ///< not supported
    static void visit(auto& self, auto&& field)
    {
        field("context_length", self.context_length);
        field("vocab_size", self.vocab_size);
        field("width", self.width);
        field("heads", self.heads);
        field("layers", self.layers);
        field("mlp_ratio", self.mlp_ratio);
        field("ls_init_value", self.ls_init_value);
        field("hf_model_name", self.hf_model_name);
    }
};

/// OpenCLIP's model configurations, such as ViT-H-14.json.
struct OpenClipOptions {
    std::int64_t embed_dim = 512; ///< width of the shared space
    bool quick_gelu = false; ///< OpenAI's activation; models trained from OpenAI's weights have it
    OpenClipVisionOptions vision_cfg;
    OpenClipTextOptions text_cfg;
    bool normalize_embeds = true; ///< see OpenAiClipOptions
    static void visit(auto& self, auto&& field)
    {
        field("embed_dim", self.embed_dim);
        field("quick_gelu", self.quick_gelu);
        field("vision_cfg", self.vision_cfg);
        field("text_cfg", self.text_cfg);
        field("normalize_embeds", self.normalize_embeds);
    }
};

/// OpenCLIP (Ilharco et al. 2021): OpenAI's CLIP in more sizes, with GELU.
class OpenClipImpl : public OpenAiClipImpl
{
public:
    explicit OpenClipImpl(const OpenClipOptions& options);
};
TORCH_MODULE(OpenClip);

} // namespace reverie
