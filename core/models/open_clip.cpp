// SPDX-License-Identifier: MIT
#include "core/models/open_clip.h"

#include "core/base/error.h"

namespace reverie {

namespace {

ClipArchitecture architecture_of(const OpenClipOptions& o)
{
    const auto& vision = o.vision_cfg;
    const auto& text = o.text_cfg;
    if (vision.attentional_pool || vision.timm_model_name || text.hf_model_name)
        throw UsageError(
            "clip.vision_cfg.attentional_pool, clip.vision_cfg.timm_model_name and "
            "clip.text_cfg.hf_model_name are other architectures, which are not supported; choose a "
            "model that has none of them.");
    const bool resnet = vision.layers.is_list();
    if (!resnet && !vision.patch_size)
        throw UsageError(
            "clip.vision_cfg.layers is one number and clip.vision_cfg.patch_size is not set; a vision "
            "transformer needs it, and a ResNet a list of four numbers.");
    const auto features = vision.width * (resnet ? 32 : 1);
    if (vision.head_width < 1 || features % vision.head_width != 0)
        throw UsageError("clip.vision_cfg.width is " + std::to_string(vision.width)
                         + " and clip.vision_cfg.head_width " + std::to_string(vision.head_width)
                         + "; whole heads must fit.");
    ClipArchitecture a;
    a.embed_dim = o.embed_dim;
    a.image_tower = resnet || vision.layers.at(0) > 0;
    a.normalize_embeds = o.normalize_embeds;
    a.image_size = vision.image_size;
    if (resnet)
        a.resnet_layers = vision.layers.values();
    else
        a.patch_size = *vision.patch_size;
    a.vision = { .width = vision.width,
                 .layers = resnet ? 0 : vision.layers.at(0),
                 .heads = features / vision.head_width,
                 .mlp_ratio = vision.mlp_ratio,
                 .quick_gelu = o.quick_gelu,
                 .ls_init_value = vision.ls_init_value };
    a.text = { .width = text.width,
               .layers = text.layers,
               .heads = text.heads,
               .mlp_ratio = text.mlp_ratio,
               .causal = true,
               .quick_gelu = o.quick_gelu,
               .ls_init_value = text.ls_init_value };
    a.context_length = text.context_length;
    a.vocab_size = text.vocab_size;
    return a;
}

} // namespace

OpenClipImpl::OpenClipImpl(const OpenClipOptions& options)
    : OpenAiClipImpl(architecture_of(options))
{
}

} // namespace reverie
