// SPDX-License-Identifier: MIT
#include "tests/parity/decoder_kinds.h"

#include "core/base/file.h"
#include "core/data/tokenizer.h"
#include "core/io/options_json.h"
#include "core/io/state_dict.h"
#include "core/models/dalle2.h"
#include "tests/parity/parity_tools.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

namespace {

using nlohmann::json;

/// The reference builds what Reverie refuses or does otherwise; its cases want it as it was.
DecoderOptions reference_options(const ParityCase& parity)
{
    auto json = parity.config["decoder"];
    if (parity.config.contains("vaes"))
        json["vaes"] = parity.config["vaes"];
    auto options = options_from_json<DecoderOptions>(json, "decoder");
    options.require_finite_schedules = false;
    options.unnormalize_latents = true;
    options.vb_of_noise = true;
    std::sort(options.image_sizes.begin(), options.image_sizes.end());
    return options;
}

Decoder build_decoder(const ParityCase& parity, const std::string& prefix, const std::shared_ptr<Clip>& clip)
{
    std::vector<UnetOptions> unets;
    for (const auto& unet : parity.config["unets"])
        unets.push_back(options_from_json<UnetOptions>(unet, "unets"));
    unets.at(0).lowres_cond = false;
    Decoder decoder(reference_options(parity), unets, clip);
    load_state_dict(*decoder, without(under(parity.parameters, prefix), "clip."), "", parity.name);
    decoder->eval();
    return decoder;
}

template <class T>
std::vector<T> one_or_two(const json& object, const char* key, std::vector<T> fallback)
{
    const auto value = member(object, key);
    if (value.is_null())
        return fallback;
    return value.is_array() ? value.get<std::vector<T>>() : std::vector<T>{ value.get<T>() };
}

} // namespace

TensorMap run_decoder(const ParityCase& parity)
{
    const auto clip = build_clip(member(parity.config, "clip"), parity);
    auto decoder = build_decoder(parity, "", clip);
    ReplayedNoise noise(parity.noises);
    DecoderCondition condition{ parity.input("image_embed"), parity.input("text_encodings") };
    const auto text = parity.input("text"), image = parity.input("image");
    TensorMap outputs;
    if (parity.call["mode"] == "loss") {
        const auto result = decoder->loss(image, parity.call["unet_number"], condition, noise, text);
        outputs["loss"] = result.loss.detach();
        if (result.lowres_cond_image.defined())
            outputs["lowres_cond_image"] = result.lowres_cond_image;
        add_gradients(outputs, *decoder, result.loss, parity);
        return outputs;
    }
    if (text.defined())
        condition.text_encodings = clip->embed_text(text).text_encodings;
    const auto args = member(parity.call, "args");
    const auto batch = whole(args, "batch_size")
                           .value_or(condition.image_embed.defined() ? condition.image_embed.size(0) : 1);
    DecoderSampling sampling;
    sampling.cond_scale = value_from_json<PerStage<double>>(
        args.is_object() && args.contains("cond_scale") ? args["cond_scale"] : json(1.), "cond_scale");
    sampling.start_at_unet_number = whole(args, "start_at_unet_number").value_or(1);
    sampling.stop_at_unet_number = whole(args, "stop_at_unet_number").value_or(0);
    sampling.image = image;
    sampling.inpaint_image = parity.input("inpaint_image");
    sampling.inpaint_mask = parity.input("inpaint_mask");
    sampling.inpaint_resample_times = whole(args, "inpaint_resample_times").value_or(5);
    outputs["image"] = decoder->sample(batch, condition, sampling, noise);
    return outputs;
}

TensorMap run_dalle2(const ParityCase& parity)
{
    const auto clip = build_clip(parity.config["clip"], parity);
    DiffusionPrior prior(options_from_json<DiffusionPriorOptions>(parity.config["prior"], "prior"),
                         PriorNetwork(options_from_json<PriorNetworkOptions>(parity.config["net"], "net")),
                         clip);
    load_state_dict(*prior, without(under(parity.parameters, "prior."), "clip."), "", parity.name);
    prior->eval();
    auto decoder = build_decoder(parity, "decoder.", clip);
    ReplayedNoise noise(parity.noises);
    TensorMap outputs;
    auto text = parity.input("text");
    const auto words = member(parity.call, "text");
    if (!words.is_null()) {
        const auto* const vocabulary = std::getenv("REVERIE_CLIP_VOCAB");
        if (!vocabulary)
            throw NotBuilt("a vocabulary (set REVERIE_CLIP_VOCAB)");
        const Tokenizer tokenizer(read_file(vocabulary));
        std::vector<std::string> texts;
        if (words.is_string())
            texts.push_back(words);
        else
            texts = words.get<std::vector<std::string>>();
        std::vector<Tensor> rows;
        for (const auto& one : texts)
            rows.push_back(torch::tensor(tokenizer.encode_padded(one, 256, /*truncate=*/false)));
        text = torch::stack(rows);
        outputs["tokens"] = text;
    }
    Dalle2Sampling sampling;
    sampling.prior_num_samples = parity.config.value("prior_num_samples", 2);
    sampling.prior.cond_scale = number(parity.call, "prior_cond_scale", 1);
    sampling.decoder.cond_scale = number(parity.call, "cond_scale", 1);
    const Dalle2Noise source{ [&]() -> Noise& { return noise; },
                              [&](std::int64_t) -> Noise& { return noise; } };
    const auto images = sample_dalle2(*prior, *decoder, *clip, text, sampling, source);
    const bool single = words.is_string() || (words.is_null() && text.size(0) == 1);
    outputs["image"] = single ? images[0] : images;
    return outputs;
}

TensorMap run_lowres(const ParityCase& parity)
{
    const auto& config = parity.config;
    LowresConditionerOptions options;
    options.downsample_first = config.value("downsample_first", true);
    options.use_blur = config.value("use_blur", true);
    options.blur_prob = config.value("blur_prob", 0.5);
    options.blur_sigma = one_or_two<double>(config, "blur_sigma", { 0.6 });
    options.blur_kernel_size = one_or_two<std::int64_t>(config, "blur_kernel_size", { 3 });
    options.use_noise = config.value("use_noise", false);
    options.normalized_noise = config.value("_auto_normalize", true);
    LowresConditioner conditioner(options);
    const auto& args = parity.call["args"];
    ReplayedNoise noise(parity.noises);
    const auto result
        = conditioner->forward(parity.input("image"),
                               { .target_image_size = args["target_image_size"],
                                 .downsample_image_size = whole(args, "downsample_image_size"),
                                 .should_blur = args.value("should_blur", true),
                                 .blur_sigma = one_or_two<double>(args, "blur_sigma", {}),
                                 .blur_kernel_size = one_or_two<std::int64_t>(args, "blur_kernel_size", {}) },
                               noise);
    TensorMap outputs{ { "cond", result.image } };
    if (result.noise_level.defined())
        outputs["noise_level"] = result.noise_level;
    return outputs;
}

TensorMap run_dynamic_threshold(const ParityCase& parity)
{
    const bool dynamic = parity.call["use_dynamic_thres"];
    const double percentile = parity.call["percentile"];
    return { { "x",
               dynamic_threshold(parity.input("x"), dynamic ? std::optional(percentile) : std::nullopt) } };
}

} // namespace reverie
