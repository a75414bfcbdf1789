// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reverie {

/// One decoder stage, or the prior, as a form needs to know it.
struct StageInfo {
    int size = 0; ///< pixels a side; 0 for the prior
    int default_steps = 0;
    int max_steps = 0; ///< length of the trained noise schedule
    std::int64_t parameters = 0;
};

/// What a model file says of itself. Reading it touches the header only, not the weights.
struct ModelInfo {
    std::filesystem::path path;
    std::string title; ///< modelspec.title, or the file's name
    std::string description; ///< what it was trained on and what it knows, in a sentence or two
    std::string author, date, license;
    std::string dtype; ///< of most parameters: "f32", "f16", "bf16"
    std::uintmax_t bytes = 0;
    std::int64_t parameters = 0;
    std::int64_t clip_parameters = 0;
    bool has_clip = false, has_prior = false, has_decoder = false;
    bool trained = false; ///< the file records training steps for every part it has
    int embed_dim = 0;
    int context_length = 0; ///< tokens of a prompt that reach the model
    StageInfo prior; ///< meaningful if has_prior
    std::vector<StageInfo> stages; ///< the decoder's, smallest first
    double cond_scale = 1, prior_cond_scale = 1;
    int candidates = 2;
    std::string sampler; ///< default, as sampler_from_string() takes it; empty: auto
    double eta = 0; ///< default share of fresh noise in DDIM
    bool guidance = false,
         prior_guidance = false; ///< trained with dropped conditions, so scales other than 1 work
    std::vector<std::string> captions; ///< what it was trained to draw, if the list is closed; else empty

    [[nodiscard]] bool is_pipeline() const { return has_clip && has_prior && has_decoder; }
};

/// Throws Error if the file is missing, cut short or not one of Reverie's.
ModelInfo read_model_info(const std::filesystem::path& path);

/// SHA-256 of the whole file in hexadecimal. Reads every byte.
std::string hash_file(const std::filesystem::path& path);

/// The models found in the XDG data folders, `<executable>/../share/reverie/models` and the build tree, the
/// bundled one last. Unreadable files are left out.
std::vector<std::filesystem::path> find_models();

/// `name` as a path, or a model of that name from find_models(); with an empty name the first of them, and
/// the bundled one before all others. Throws Error saying where was looked.
std::filesystem::path find_model(const std::string& name = {});

} // namespace reverie
