// SPDX-License-Identifier: MIT
#include "tests/parity/trainer_kinds.h"

#include "core/io/options_json.h"
#include "core/io/state_dict.h"
#include "core/train/decoder_trainer.h"
#include "core/train/prior_trainer.h"
#include "tests/parity/parity_tools.h"

#include <torch/torch.h>

namespace reverie {

namespace {

Tensor gradient_norm(const torch::nn::Module& module)
{
    auto sum = torch::zeros({}, torch::kFloat64);
    for (const auto& parameter : trained_parameters(module))
        if (parameter.grad().defined())
            sum = sum + parameter.grad().to(torch::kFloat64).square().sum();
    return sum.sqrt().to(torch::kFloat32);
}

/// A copy of the input's entry for one step, or an undefined tensor.
Tensor at_step(const ParityCase& parity, const char* name, std::int64_t step)
{
    const auto all = parity.input(name);
    return all.defined() ? all[step].clone() : all;
}

void add(TensorMap& outputs, const std::string& prefix, const TensorMap& tensors)
{
    for (const auto& [name, tensor] : tensors)
        outputs[prefix + name] = tensor.detach().clone();
}

void add_average(TensorMap& outputs, const NetworkTrainer& network)
{
    add(outputs, "ema.ema_model.", network.averaged());
    outputs["ema.initted"] = torch::full({ 1 }, network.average()->averages() ? 1.F : 0.F);
    outputs["ema.step"] = torch::full({ 1 }, network.average()->steps(), torch::kLong);
}

} // namespace

TensorMap run_decoder_trainer(const ParityCase& parity)
{
    for (const auto& vae : member(parity.config, "vaes"))
        if (!vae.is_null())
            throw NotBuilt("training in a VAE's latents");
    const auto clip = build_clip(member(parity.config, "clip"), parity);
    std::vector<UnetOptions> unets;
    for (const auto& unet : parity.config["unets"])
        unets.push_back(options_from_json<UnetOptions>(unet, "unets"));
    Decoder decoder(options_from_json<DecoderOptions>(parity.config["decoder"], "decoder"), unets, clip);
    load_state_dict(*decoder, without(parity.parameters, "clip."), "", parity.name);

    DecoderTrainer trainer(decoder,
                           options_from_json<DecoderTrainerOptions>(parity.call["trainer"], "trainer"));
    trainer.train();
    ReplayedNoise noise(parity.noises);
    const std::int64_t unet_number = parity.call["unet_number"];
    const auto unet = decoder->unet(unet_number);
    TensorMap outputs;
    for (std::int64_t step = 0; step < parity.call["steps"].get<std::int64_t>(); ++step) {
        const DecoderCondition condition{ at_step(parity, "image_embed", step),
                                          at_step(parity, "text_encodings", step) };
        const auto loss = trainer.forward(at_step(parity, "image", step), unet_number, condition, noise,
                                          whole(parity.call, "max_batch_size").value_or(0),
                                          at_step(parity, "text", step));
        const auto index = std::to_string(step);
        outputs["loss." + index] = torch::tensor(loss, torch::kFloat64);
        outputs["grad_norm." + index] = gradient_norm(*unet);
        trainer.update(unet_number);
    }
    add(outputs, "final.", state_dict(*unet, "unets." + std::to_string(unet_number - 1) + "."));
    add_average(outputs, trainer.unet(unet_number));
    outputs["steps"] = torch::zeros({ decoder->num_unets() }, torch::kLong);
    for (std::int64_t number = 1; number <= decoder->num_unets(); ++number)
        outputs["steps"][number - 1] = trainer.num_steps_taken(number);
    return outputs;
}

TensorMap run_prior_trainer(const ParityCase& parity)
{
    const auto clip = build_clip(member(parity.config, "clip"), parity);
    DiffusionPrior prior(options_from_json<DiffusionPriorOptions>(parity.config["prior"], "prior"),
                         PriorNetwork(options_from_json<PriorNetworkOptions>(parity.config["net"], "net")),
                         clip);
    load_state_dict(*prior, without(parity.parameters, "clip."), "", parity.name);

    DiffusionPriorTrainer trainer(
        prior, options_from_json<DiffusionPriorTrainerOptions>(parity.call["trainer"], "trainer"));
    trainer.train();
    ReplayedNoise noise(parity.noises);
    TensorMap outputs;
    for (std::int64_t step = 0; step < parity.call["steps"].get<std::int64_t>(); ++step) {
        const TextCondition text{ at_step(parity, "text_embed", step),
                                  at_step(parity, "text_encodings", step) };
        const auto index = std::to_string(step);
        outputs["loss." + index] = torch::tensor(
            trainer.forward(at_step(parity, "image_embed", step), text, noise), torch::kFloat64);
        outputs["grad_norm." + index] = gradient_norm(*prior);
        trainer.update();
    }
    add(outputs, "final.", state_dict(*prior));
    add_average(outputs, trainer.network());
    if (clip) // frozen: weights and average stay what they were
        for (const char* prefix : { "final.", "ema.ema_model." })
            add(outputs, std::string(prefix) + "clip.clip.", state_dict(*clip));
    return outputs;
}

} // namespace reverie
