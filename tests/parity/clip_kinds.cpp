// SPDX-License-Identifier: MIT
#include "tests/parity/clip_kinds.h"

#include "core/io/options_json.h"
#include "core/io/state_dict.h"
#include "core/models/open_clip.h"
#include "core/models/x_clip.h"
#include "tests/parity/parity_tools.h"

#include <torch/torch.h>

namespace reverie {

namespace {

using nlohmann::json;

/// A case with small self-supervision heads gives them as the reference's `visual_ssl`, under "_ssl".
XClipOptions xclip_options(json config)
{
    const auto ssl = member(config, "_ssl");
    config.erase("_ssl");
    if (!ssl.is_null()) {
        config["use_visual_ssl"] = true;
        config["visual_ssl_type"] = ssl["type"];
        config["visual_ssl_projection_size"] = ssl["projection_size"];
        config["visual_ssl_projection_hidden_size"] = ssl["projection_hidden_size"];
        config["visual_ssl_hidden_layer"] = ssl.value("hidden_layer", -1);
        config["simclr_temperature"] = ssl.value("temperature", 0.1);
    }
    return options_from_json<XClipOptions>(config, "clip");
}

std::vector<Tensor> views_of(const Tensor& stacked)
{
    return stacked.defined() ? stacked.unbind(0) : std::vector<Tensor>{};
}

Tensor or_else(const Tensor& tensor, const Tensor& other)
{
    return tensor.defined() ? tensor : other;
}

/// What the reference's forward returns, for evaluation.
void add_encodings(TensorMap& outputs, XClipImpl& clip, const Tensor& text, const Tensor& image)
{
    outputs["enc_text"] = clip.encode_text(text, text != clip.options().text_pad_id);
    outputs["enc_image"] = clip.encode_image(image);
    const auto latents = clip.latents(text, image);
    outputs["text_latents"] = latents.text;
    outputs["image_latents"] = latents.image;
    if (latents.text_extra.defined()) {
        outputs["text_latents_extra"] = latents.text_extra;
        outputs["image_latents_extra"] = latents.image_extra;
    }
    outputs["similarity"] = clip.similarity(text, image);
    outputs["similarity_image_to_text"] = clip.similarity(text, image, /*text_to_image=*/false);
}

/// What a prior and a decoder get to see.
void add_embeddings(TensorMap& outputs, Clip& clip, const Tensor& text, const Tensor& image)
{
    const auto embedded_text = clip.embed_text(text);
    const auto embedded_image = clip.embed_image(image);
    outputs["adapter.text_embed"] = embedded_text.text_embed;
    outputs["adapter.text_encodings"] = embedded_text.text_encodings;
    outputs["adapter.image_embed"] = embedded_image.image_embed;
    if (embedded_image.image_encodings.defined())
        outputs["adapter.image_encodings"] = embedded_image.image_encodings;
}

TensorMap outputs_of(const std::shared_ptr<OpenAiClipImpl>& clip, const ParityCase& parity)
{
    torch::NoGradGuard no_grad;
    load_state_dict(*clip, under(parity.parameters, "clip."), "", parity.name);
    clip->eval();
    const auto text = parity.input("text"), image = parity.input("image");
    const auto logits = clip->logits_per_image(image, text);
    TensorMap outputs{ { "encode_image", clip->encode_image(image) },
                       { "encode_text", clip->encode_text(text) },
                       { "logits_per_image", logits },
                       { "logits_per_text", logits.t() } };
    add_embeddings(outputs, *clip, text, parity.input("adapter_image"));
    return outputs;
}

} // namespace

TensorMap run_xclip(const ParityCase& parity)
{
    XClip clip(xclip_options(parity.config));
    load_state_dict(*clip, parity.parameters, "", parity.name);
    clip->eval();
    const auto text = parity.input("text"), image = parity.input("image");
    TensorMap outputs;
    {
        torch::NoGradGuard no_grad;
        add_encodings(outputs, *clip, text, image);
        if (parity.call.value("adapter", true))
            add_embeddings(outputs, *clip, or_else(parity.input("adapter_text"), text),
                           or_else(parity.input("adapter_image"), image));
    }
    if (parity.call.value("loss", true)) {
        clip->train();
        ReplayedNoise noise(parity.noises);
        XClipExtras extras{ .aug_text = views_of(parity.input("aug_text")),
                            .aug_image = views_of(parity.input("aug_image")) };
        if (parity.input("view1").defined())
            extras.ssl_views = { parity.input("view1"), parity.input("view2") };
        const auto loss = clip->loss(text, image, noise, extras);
        outputs["loss"] = loss.detach();
        add_gradients(outputs, *clip, loss, parity);
    }
    return outputs;
}

TensorMap run_openai_clip(const ParityCase& parity)
{
    auto config = parity.config;
    config["eos_id"] = member(config, "_eos_id");
    config.erase("_eos_id");
    return outputs_of(std::make_shared<OpenAiClipImpl>(options_from_json<OpenAiClipOptions>(config, "clip")),
                      parity);
}

TensorMap run_open_clip(const ParityCase& parity)
{
    return outputs_of(
        std::make_shared<OpenClipImpl>(options_from_json<OpenClipOptions>(parity.config, "clip")), parity);
}

} // namespace reverie
