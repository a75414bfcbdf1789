// SPDX-License-Identifier: MIT
#include "tests/parity/parity_kinds.h"

#include "core/diffusion/likelihood.h"
#include "core/io/options_json.h"
#include "core/io/state_dict.h"
#include "core/models/diffusion_prior.h"
#include "core/models/unet.h"
#include "core/nn/resize.h"
#include "tests/parity/clip_kinds.h"
#include "tests/parity/decoder_kinds.h"
#include "tests/parity/parity_tools.h"
#include "tests/parity/trainer_kinds.h"
#include "tests/parity/vqgan_kinds.h"

#include <torch/torch.h>

#include <map>

namespace reverie {

namespace {

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
        { "openai_clip", run_openai_clip },
        { "open_clip", run_open_clip },
        { "prior_network", run_prior_network },
        { "prior", run_prior },
        { "unet", run_unet },
        { "decoder", run_decoder },
        { "dalle2", run_dalle2 },
        { "resize", run_resize },
        { "lowres_conditioner", run_lowres },
        { "dynamic_threshold", run_dynamic_threshold },
        { "functions", run_functions },
        { "vqgan_vae", run_vqgan_vae },
        { "decoder_trainer", run_decoder_trainer },
        { "prior_trainer", run_prior_trainer },
    };
    const auto run = kinds.find(parity.kind);
    if (run == kinds.end())
        throw NotBuilt("the kind " + parity.kind);
    return run->second(parity);
}

} // namespace reverie
