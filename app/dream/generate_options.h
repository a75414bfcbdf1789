// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"
#include "core/api/model_info.h"
#include "core/api/request_axes.h"

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

/// The flags of `dream generate`, as typed, and what the commands that draw from pictures put beside them.
struct GenerateOptions {
    std::vector<std::string> prompts;
    std::string promptFile;
    std::string from;
    std::string start; ///< a picture to begin with
    std::optional<double> strength; ///< of what changes it
    std::string wildcards; ///< folder of __name__
    bool expand = false;
    bool interactive = false;
    std::optional<std::string> negative;
    reverie::Recipe recipe; ///< of vary, blend, ...
    std::string name; ///< of the files; empty: the prompt's words
    std::string out, names;
    std::string model;
    std::optional<std::int64_t> seed;
    std::optional<int> count;
    std::optional<double> condScale, priorCondScale, eta;
    std::vector<int> steps;
    std::vector<reverie::Axis> lists; ///< of numbers, to draw with each; their first ones are above and below
    std::string columns, rows; ///< of a grid: "guidance=1,2,..,4"
    std::optional<int> priorSteps, candidates, batch;
    std::optional<std::string> sampler, dtype;
    std::string device = "auto";
    int threads = 0;
    bool saveStages = false;
    bool noGallery = false;
    bool json = false;
};

void addGenerateFlags(CLI::App& command, GenerateOptions& options);
/// Those that every command that draws has.
void addSamplingFlags(CLI::App& command, GenerateOptions& options);

/// What `dream blend` draws: a picture of every part that is a file, words of the others. No weights: all the
/// same. Throws UsageError.
void setBlend(GenerateOptions& options, const std::vector<std::string>& parts,
              const std::vector<double>& weights);

/// What is asked for, and with which model. Reads the prompt file or the picture to go on from. Throws
/// UsageError for what no model could do.
struct GenerateJob {
    reverie::GenerateRequest request;
    reverie::GeneratorOptions generator;
    reverie::ModelInfo model;
    std::string name; ///< of the files, if not the prompt's words
    std::string warning; ///< one sentence, or empty
};
GenerateJob makeJob(const GenerateOptions& options);

/// Throws UsageError for the first thing in `request` that this model can't do.
void checkRequest(const reverie::GenerateRequest& request, const reverie::ModelInfo& model);
