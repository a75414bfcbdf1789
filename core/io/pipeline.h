// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/tokenizer.h"
#include "core/models/clip_factory.h"
#include "core/models/decoder.h"
#include "core/models/diffusion_prior.h"
#include "core/models/karlo_prior.h"
#include "core/models/vqgan_vae.h"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace reverie {

/// Defaults for drawing that travel with a model.
struct SamplingDefaults {
    double cond_scale = 1;
    double prior_cond_scale = 1;
    std::int64_t candidates = 2;
    std::optional<std::int64_t> prior_steps; ///< none: the prior's sample_timesteps
    std::vector<std::int64_t> steps; ///< by stage; empty: the decoder's sample_timesteps
    std::string sampler = "auto";
    std::optional<double> eta;
    static void visit(auto& self, auto&& field)
    {
        field("cond_scale", self.cond_scale);
        field("prior_cond_scale", self.prior_cond_scale);
        field("candidates", self.candidates);
        field("prior_steps", self.prior_steps);
        field("steps", self.steps);
        field("sampler", self.sampler);
        field("eta", self.eta);
    }
};

/// The configuration of a whole pipeline, `reverie.config` in a model file. The JSON has the reference's
/// layout:
/// {"clip": {...}, "prior": {..., "net": {...}}, "decoder": {..., "unets": [{...}]}, "vqgan": {...},
/// "sampling": {...}}. "vqgan" is an autoencoder by itself, as it is trained; a decoder that works on its
/// features has its options and weights of its own, under "vaes".
/// "kind" in "clip" says which one it is: x_clip (if it is not there), openai_clip or open_clip. A prior of
/// the kind karlo has KarloPriorOptions, and U-Nets have kinds too, see UnetOptions.
struct PipelineConfig {
    std::optional<ClipOptions> clip;
    std::optional<PriorNetworkOptions> net;
    std::optional<DiffusionPriorOptions> prior;
    std::optional<KarloPriorOptions> karlo_prior; ///< in place of net and prior
    std::vector<UnetOptions> unets;
    std::optional<DecoderOptions> decoder;
    std::optional<VQGanVAEOptions> vqgan;
    SamplingDefaults sampling;
};
PipelineConfig pipeline_config_from_json(const nlohmann::json& json); ///< throws UsageError
nlohmann::json to_json(const PipelineConfig& config);

/// The models of one file. Parts that the file does not have are null.
struct Pipeline {
    PipelineConfig config;
    std::optional<Tokenizer> tokenizer;
    std::shared_ptr<Clip> clip;
    DiffusionPrior prior{ nullptr };
    Decoder decoder{ nullptr };
    VQGanVAE vqgan{ nullptr }; ///< with its discriminator, so that its training can go on
    std::map<std::string, std::string> metadata; ///< everything but config and merges
};

/// Builds the parts a configuration names, with fresh weights.
Pipeline build_pipeline(const PipelineConfig& config);

/// Strict. Throws Error that says what is missing or does not fit. Models are in eval mode, in float32, on
/// the CPU.
Pipeline load_pipeline(const std::filesystem::path& path);

/// The numbers "f32", "f16" or "bf16" stand for. Throws UsageError for another name.
at::ScalarType stored_type(const std::string& dtype);

/// Parameters that train are stored in `dtype` ("f32", "f16", "bf16"), the rest in float32.
void save_pipeline(const std::filesystem::path& path, const Pipeline& pipeline,
                   const std::string& dtype = "f32");

} // namespace reverie
