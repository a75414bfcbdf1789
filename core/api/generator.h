// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/embedder.h"
#include "core/api/recipe.h"
#include "core/base/image.h"
#include "core/base/sampler.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace reverie {

/// Where a model runs.
struct GeneratorOptions {
    std::string device
        = "auto"; ///< auto | cpu | cuda | cuda:N; auto takes the first CUDA device if there is one
    std::string dtype = "f32"; ///< f32 | bf16 | f16 (CUDA only): what products are computed in
    int threads = 0; ///< CPU threads; 0 takes all cores
};

/// A picture of an earlier run to go on from: its later stages are drawn anew.
struct KeptStage {
    int stage = 1; ///< decoder stage `image` came from, counted from 1
    Image image;
};

/// Everything that decides what is drawn. An empty optional takes the model's own default.
/// Picture i of the request (prompt-major: all of the first prompt's, then the next's) is made from seed + i
/// alone; neither its batch nor the device changes it beyond rounding.
struct GenerateRequest {
    std::vector<std::string>
        prompts; ///< UTF-8; empty ones only where the recipe's blend or image_embeds say what to draw
    std::vector<std::vector<std::int64_t>>
        ids; ///< token ids of each prompt, as many for each; empty: tokenized here
    int count = 1; ///< pictures of every prompt, from 1
    std::uint64_t seed = 0; ///< below 2^53, so that it survives JSON
    std::vector<std::uint64_t> seeds; ///< one for each picture, instead of seed + i; empty: seed + i
    std::optional<double> cond_scale; ///< decoder guidance; 1 is none
    std::optional<double> prior_cond_scale;
    std::optional<int> prior_steps; ///< 1 .. ModelInfo::prior.max_steps
    std::vector<int> steps; ///< by decoder stage; a single value counts for all; empty: the defaults
    std::optional<int> candidates; ///< embeddings the prior proposes for each picture, from 1
    std::optional<Sampler> sampler;
    std::optional<double> eta; ///< DDIM's share of fresh noise in the decoder, 0 .. 1
    int batch = 0; ///< pictures drawn at a time; 0: the generator's choice
    int stop_after_stage = 0; ///< decoder stage to end with; 0: the last
    std::vector<std::vector<float>> image_embeds; ///< one for each picture: skips the prior
    std::vector<KeptStage> kept; ///< one for each picture: skips the stages up to it
    Recipe recipe; ///< the same for every picture
    bool keep_steps = false; ///< keep the x0 estimate of every step in Picture::steps
    int preview_every = 1; ///< steps between previews; 0: none
};

/// One image embedding the prior proposed.
struct Candidate {
    double similarity = 0; ///< cosine to the text embedding, -1 .. 1
    bool chosen = false;
};

/// A finished picture, or what there was of it when the run was stopped.
struct Picture {
    int index = 0; ///< position in the request
    std::string prompt;
    std::uint64_t seed = 0; ///< its own
    Image image; ///< the last stage that was drawn
    std::vector<Image> stages; ///< one a decoder stage, smallest first; stages not reached are empty, and
                               ///< all but the last of an outpainted frame
    std::vector<std::vector<Image>> steps; ///< by stage, the x0 estimates in order, if asked for
    std::vector<Candidate> candidates;
    std::vector<float> image_embed;
    bool complete = false; ///< false: stopped before the last step; `image` is the newest x0 estimate
};

/// What a request became once every default was filled in. It is what a picture's metadata records.
struct ResolvedSettings {
    double cond_scale = 1;
    double prior_cond_scale = 1;
    int prior_steps = 0;
    std::vector<int> steps;
    int candidates = 1;
    Sampler sampler = Sampler::Ddpm;
    double eta = 0;
    std::string model; ///< title of the model
    std::string model_hash; ///< SHA-256 of the file, 64 hexadecimal digits
    std::string device; ///< "cpu", "cuda:0"
    std::string dtype;
};

struct StagePreview {
    int index = 0; ///< Picture::index
    Image image; ///< current x0 estimate, at the stage's own size
};

/// Progress. Stage 0 is the prior, stages from 1 are the decoder's U-Nets. Every update concerns the pictures
/// `first` .. `first + count - 1`, which are drawn together.
struct GenerateUpdate {
    int stage = 0;
    int step = 0; ///< steps done, 1 .. steps
    int steps = 0; ///< of this stage
    int first = 0;
    int count = 0;
    double progress = 0; ///< of the whole request, 0 .. 1, by estimated time
    std::optional<double> seconds_left; ///< of the whole request, once known
    std::vector<StagePreview> previews;
    std::vector<std::vector<Candidate>> candidates; ///< set once, at the end of stage 0: by picture
    std::vector<Picture> finished; ///< pictures that this update completes
    ResolvedSettings settings; ///< filled in wherever `finished` is not empty
    std::string warning; ///< one sentence, or empty
};

struct GenerateResult {
    std::vector<Picture> pictures; ///< in order; incomplete ones only if there is something to see
    ResolvedSettings settings;
    bool stopped = false;
};

using OnGenerateUpdate = std::function<void(const GenerateUpdate&)>;

/// Prompts to pictures with one loaded model. Blocking; one thread at a time. `on_update` runs on the
/// caller's thread and should return quickly. Stopping is a normal return, within one denoising step.
class Generator
{
public:
    Generator() = default;
    virtual ~Generator() = default;
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    /// Throws UsageError for a request the model can't carry out, Error if it fails on the way.
    virtual GenerateResult generate(const GenerateRequest& request, const OnGenerateUpdate& on_update = {},
                                    std::stop_token stop = {})
        = 0;

    /// The same model seen as a map of texts and pictures.
    virtual Embedder& embedder() = 0;
};

/// Loads a pipeline file (CLIP, prior and decoder). The first call in a process also loads LibTorch, which
/// takes about half a second. Throws Error if the file is not a whole, sound pipeline.
std::unique_ptr<Generator> open_generator(const std::filesystem::path& model,
                                          const GeneratorOptions& options = {});

} // namespace reverie
