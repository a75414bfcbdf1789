// SPDX-License-Identifier: MIT
#include "tests/parity/clip_kinds.h"

#include "core/io/options_json.h"
#include "core/io/state_dict.h"
#include "core/models/x_clip.h"
#include "tests/parity/parity_tools.h"

#include <torch/torch.h>

namespace reverie {

TensorMap run_xclip(const ParityCase& parity)
{
    for (const auto* key : { "_ssl", "use_mlm", "use_visual_ssl" })
        if (const auto value = member(parity.config, key); !value.is_null() && value != false)
            throw NotBuilt("self-supervision");
    if (parity.input("aug_text").defined() || parity.input("aug_image").defined())
        throw NotBuilt("multiview");
    XClip clip(options_from_json<XClipOptions>(parity.config, "clip"));
    load_state_dict(*clip, parity.parameters, "", parity.name);
    clip->eval();
    const auto text = parity.input("text"), image = parity.input("image");
    const auto or_else = [&](const char* key, const Tensor& other) {
        return parity.input(key).defined() ? parity.input(key) : other;
    };
    TensorMap outputs;
    {
        torch::NoGradGuard no_grad;
        outputs["enc_text"] = clip->encode_text(text, text != clip->options().text_pad_id);
        outputs["enc_image"] = clip->encode_image(image);
        const auto latents = clip->latents(text, image);
        outputs["text_latents"] = latents.text;
        outputs["image_latents"] = latents.image;
        if (latents.text_extra.defined()) {
            outputs["text_latents_extra"] = latents.text_extra;
            outputs["image_latents_extra"] = latents.image_extra;
        }
        outputs["similarity"] = clip->similarity(text, image);
        outputs["similarity_image_to_text"] = clip->similarity(text, image, /*text_to_image=*/false);
        if (parity.call.value("adapter", true)) {
            const auto embedded_text = clip->embed_text(or_else("adapter_text", text));
            const auto embedded_image = clip->embed_image(or_else("adapter_image", image));
            outputs["adapter.text_embed"] = embedded_text.text_embed;
            outputs["adapter.text_encodings"] = embedded_text.text_encodings;
            outputs["adapter.image_embed"] = embedded_image.image_embed;
            outputs["adapter.image_encodings"] = embedded_image.image_encodings;
        }
    }
    if (parity.call.value("loss", true)) {
        clip->train();
        ReplayedNoise noise(parity.noises);
        const auto loss = clip->loss(text, image, noise);
        outputs["loss"] = loss.detach();
        add_gradients(outputs, *clip, loss, parity);
    }
    return outputs;
}

} // namespace reverie
