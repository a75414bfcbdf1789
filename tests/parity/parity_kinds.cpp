// SPDX-License-Identifier: MIT
#include "tests/parity/parity_kinds.h"

#include "core/base/file.h"
#include "core/diffusion/likelihood.h"
#include "core/io/options_json.h"
#include "core/io/pipeline.h"
#include "core/io/state_dict.h"
#include "core/models/dalle2.h"
#include "core/nn/resize.h"

#include <torch/torch.h>

namespace reverie {

namespace {

using nlohmann::json;

/// The parameters under `prefix`, without it.
TensorMap under(const TensorMap& all, const std::string& prefix)
{
    TensorMap part;
    for (const auto& [name, tensor] : all)
        if (name.starts_with(prefix))
            part[name.substr(prefix.size())] = tensor;
    return part;
}

TensorMap without(const TensorMap& all, const std::string& prefix)
{
    auto rest = all;
    std::erase_if(rest, [&](const auto& entry) { return entry.first.starts_with(prefix); });
    return rest;
}

void clear_gradients(torch::nn::Module& module)
{
    for (auto& parameter : module.parameters())
        parameter.mutable_grad() = Tensor();
}

/// The norm of all gradients, and those that were recorded.
void add_gradients(TensorMap& outputs, torch::nn::Module& module, const Tensor& loss,
                   const ParityCase& parity)
{
    clear_gradients(module);
    loss.backward();
    auto sum = torch::zeros({}, torch::kFloat64);
    for (const auto& parameter : module.named_parameters()) {
        const auto& grad = parameter.value().grad();
        if (!grad.defined())
            continue;
        sum = sum + grad.to(torch::kFloat64).square().sum();
        if (parity.outputs.contains("grad." + parameter.key()))
            outputs["grad." + parameter.key()] = grad;
    }
    outputs["grad_norm"] = sum.sqrt().to(torch::kFloat32);
}

std::shared_ptr<XClipImpl> build_clip(const json& config, const ParityCase& parity)
{
    if (config.is_null())
        return nullptr;
    auto clip = std::make_shared<XClipImpl>(options_from_json<XClipOptions>(config, "clip"));
    const auto path = parity.kind == "dalle2" ? std::string("prior.clip.clip.") : std::string("clip.clip.");
    load_state_dict(*clip, under(parity.parameters, path), "", parity.name);
    clip->eval();
    for (auto& parameter : clip->parameters())
        parameter.set_requires_grad(false);
    return clip;
}

json member(const json& object, const char* key)
{
    return object.contains(key) ? object[key] : json();
}

double number(const json& object, const char* key, double fallback)
{
    const auto value = member(object, key);
    return value.is_null() ? fallback : value.get<double>();
}

std::optional<std::int64_t> whole(const json& object, const char* key)
{
    const auto value = member(object, key);
    return value.is_null() ? std::nullopt : std::optional(value.get<std::int64_t>());
}

TensorMap run_noise_scheduler(const ParityCase& parity)
{
    NoiseSchedule schedule(options_from_json<NoiseScheduleOptions>(parity.config, "noise_scheduler"));
    TensorMap outputs;
    for (const auto& buffer : schedule->named_buffers())
        outputs["buffer." + buffer.key()] = buffer.value();
    if (const auto x = parity.input("x_start"); x.defined()) {
        const auto noise = parity.input("noise_in"), t = parity.input("t"), to = parity.input("t_to");
        const auto x_t = schedule->q_sample(x, t, noise);
        outputs["q_sample"] = x_t;
        outputs["calculate_v"] = schedule->calculate_v(x, t, noise);
        outputs["q_sample_from_to"] = schedule->q_sample_from_to(x, t, to, noise);
        outputs["predict_start_from_v"] = schedule->predict_start_from_v(x_t, t, noise);
        outputs["predict_start_from_noise"] = schedule->predict_start_from_noise(x_t, t, noise);
        outputs["predict_noise_from_start"] = schedule->predict_noise_from_start(x_t, t, x * 0.5);
        outputs["p2_reweigh_loss"] = schedule->p2_reweigh_loss(parity.input("loss_in"), t);
        const auto posterior = schedule->q_posterior(x, x_t, t);
        outputs["posterior_mean"] = posterior.mean;
        outputs["posterior_variance"] = posterior.variance;
        outputs["posterior_log_variance"] = posterior.log_variance;
        outputs["loss"] = schedule->loss(x, noise);
    }
    return outputs;
}

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

TensorMap run_prior_network(const ParityCase& parity)
{
    torch::NoGradGuard no_grad;
    PriorNetwork net(options_from_json<PriorNetworkOptions>(parity.config, "net"));
    load_state_dict(*net, parity.parameters, "", parity.name);
    net->eval();
    const auto x = parity.input("image_embed"), t = parity.input("diffusion_timesteps"),
               self_cond = parity.input("self_cond");
    const TextCondition text{ parity.input("text_embed"), parity.input("text_encodings") };
    const double p = parity.call["drop_prob"];
    ReplayedNoise noise(parity.noises);
    return { { "keep", net(x, t, text, self_cond) },
             { "drop", net(x, t, text, self_cond, DropProbs{ 1, 1 }) },
             { "drop_text", net(x, t, text, self_cond, DropProbs{ 1, 0 }) },
             { "drop_image", net(x, t, text, self_cond, DropProbs{ 0, 1 }) },
             { "random_drop", net(x, t, text, self_cond, DropProbs{ p, p }, &noise) },
             { "cond_scale",
               net->forward_with_cond_scale(x, t, text, self_cond, parity.call["cond_scale"]) } };
}

TensorMap run_prior(const ParityCase& parity)
{
    const auto clip = build_clip(member(parity.config, "clip"), parity);
    DiffusionPrior prior(options_from_json<DiffusionPriorOptions>(parity.config["prior"], "prior"),
                         PriorNetwork(options_from_json<PriorNetworkOptions>(parity.config["net"], "net")),
                         clip);
    load_state_dict(*prior, without(parity.parameters, "clip."), "", parity.name);
    prior->eval();
    ReplayedNoise noise(parity.noises);
    const TextCondition text{ parity.input("text_embed"), parity.input("text_encodings") };
    const auto mode = parity.call["mode"].get<std::string>();
    TensorMap outputs;
    if (mode == "loss") {
        prior->train(parity.call.value("train", false));
        if (clip)
            clip->train(parity.call.value("train", false));
        const auto loss = parity.input("text").defined()
            ? prior->loss_of_pairs(parity.input("text"), parity.input("image"), noise)
            : prior->loss(parity.input("image_embed"), text, noise);
        outputs["loss"] = loss.detach();
        add_gradients(outputs, *prior, loss, parity);
        return outputs;
    }
    const SamplingOptions options{ .cond_scale = number(parity.call, "cond_scale", 1),
                                   .timesteps = whole(parity.call, "timesteps") };
    outputs["image_embed"] = mode == "sample"
        ? prior->sample_text(parity.input("text"), parity.call["num_samples_per_batch"], options, noise)
              .image_embed
        : prior->p_sample_loop(parity.call["shape"][0], text, options, noise);
    return outputs;
}

TensorMap run_unet(const ParityCase& parity)
{
    Unet unet(options_from_json<UnetOptions>(parity.config, "unet"));
    load_state_dict(*unet, parity.parameters, "", parity.name);
    unet->eval();
    const UnetCondition condition{ parity.input("image_embed"), parity.input("text_encodings"),
                                   parity.input("lowres_cond_img"), parity.input("lowres_noise_level"),
                                   parity.input("self_cond") };
    const auto x = parity.input("x"), t = parity.input("time");
    TensorMap outputs;
    {
        torch::NoGradGuard no_grad;
        outputs["keep"] = unet(x, t, condition);
        if (parity.call.value("guidance", true)) {
            const double p = parity.call["drop_prob"];
            ReplayedNoise noise(parity.noises);
            outputs["drop"] = unet(x, t, condition, DropProbs{ 1, 1 });
            outputs["random_drop"] = unet(x, t, condition, DropProbs{ p, p }, &noise);
            outputs["cond_scale"] = unet->forward_with_cond_scale(x, t, condition, parity.call["cond_scale"]);
        }
    }
    if (parity.call.contains("grad"))
        add_gradients(outputs, *unet, (unet(x, t, condition) * parity.input("cotangent")).sum(), parity);
    return outputs;
}

Decoder build_decoder(const ParityCase& parity, const std::string& prefix, const std::shared_ptr<Clip>& clip)
{
    std::vector<UnetOptions> unets;
    for (const auto& unet : parity.config["unets"])
        unets.push_back(options_from_json<UnetOptions>(unet, "unets"));
    Decoder decoder(options_from_json<DecoderOptions>(parity.config["decoder"], "decoder"), unets, clip);
    load_state_dict(*decoder, without(under(parity.parameters, prefix), "clip."), "", parity.name);
    decoder->eval();
    return decoder;
}

TensorMap run_decoder(const ParityCase& parity)
{
    for (const auto& vae : member(parity.config, "vaes"))
        if (!vae.is_null())
            throw NotBuilt("latent diffusion");
    if (parity.input("inpaint_image").defined())
        throw NotBuilt("inpainting");
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

TensorMap run_resize(const ParityCase& parity)
{
    TensorMap outputs;
    const auto image = parity.input("image");
    const std::pair<double, double> range{ 0, 1 };
    int n = 0;
    for (const std::int64_t size : parity.call["sizes"]) {
        const auto index = std::to_string(n++);
        outputs["cubic." + index] = resize_cubic(image, size);
        outputs["cubic_clamp." + index] = resize_cubic(image, size, range);
        outputs["nearest." + index] = resize_nearest(image, size);
    }
    return outputs;
}

template <class T>
std::vector<T> one_or_two(const json& object, const char* key, std::vector<T> fallback)
{
    const auto value = member(object, key);
    if (value.is_null())
        return fallback;
    return value.is_array() ? value.get<std::vector<T>>() : std::vector<T>{ value.get<T>() };
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

TensorMap run_functions(const ParityCase& parity)
{
    const auto x = parity.input("x"), y = parity.input("y"), z = parity.input("z"), w = parity.input("w");
    SinusoidalPosEmb sinusoidal(parity.call["dim"].get<std::int64_t>());
    return { { "sinusoidal", sinusoidal(parity.input("t")) },
             { "gelu_cdf", approx_standard_normal_cdf(x) },
             { "normal_kl", normal_kl(x, y, z, w) },
             { "log_likelihood", discretized_gaussian_log_likelihood(x, z, w * 0.3) },
             { "rel_pos_bucket",
               relative_position_bucket(parity.input("rel"), parity.call["num_buckets"],
                                        parity.call["max_distance"]) } };
}

} // namespace

TensorMap run_parity_case(const ParityCase& parity)
{
    static const std::map<std::string, TensorMap (*)(const ParityCase&)> kinds{
        { "noise_scheduler", run_noise_scheduler },
        { "xclip", run_xclip },
        { "prior_network", run_prior_network },
        { "prior", run_prior },
        { "unet", run_unet },
        { "decoder", run_decoder },
        { "dalle2", run_dalle2 },
        { "resize", run_resize },
        { "lowres_conditioner", run_lowres },
        { "dynamic_threshold", run_dynamic_threshold },
        { "functions", run_functions },
    };
    const auto run = kinds.find(parity.kind);
    if (run == kinds.end())
        throw NotBuilt("the kind " + parity.kind);
    return run->second(parity);
}

} // namespace reverie
