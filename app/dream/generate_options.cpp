// SPDX-License-Identifier: MIT
#include "app/dream/generate_options.h"

#include "core/api/number_list.h"
#include "core/api/picture_file.h"
#include "core/api/prompt_expansion.h"
#include "core/api/prompt_file.h"
#include "core/api/source_picture.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/utf8.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace {

using reverie::Error;
using reverie::GenerateRequest;
using reverie::ModelInfo;
using reverie::UsageError;

constexpr std::uint64_t seedLimit = 1ULL << 53U;

bool isBlank(const std::string& text)
{
    return text.find_first_not_of(" \t\r\n\v\f") == std::string::npos;
}

void require(bool holds, const std::string& sentence)
{
    if (!holds)
        throw UsageError(sentence);
}

void requireFinite(const std::optional<double>& value, const std::string& flag)
{
    require(!value || std::isfinite(*value), flag + " must be a finite number; 1 is no guidance.");
}

/// The flags that need no model to be judged.
void checkFlags(const GenerateOptions& options)
{
    const int sources = !options.prompts.empty() + !options.promptFile.empty() + !options.from.empty();
    require(sources == 1,
            sources == 0 ? "There is nothing to draw; give a prompt, --prompts or --from."
                         : "Give either prompts, or --prompts, or --from.");
    for (const auto& prompt : options.prompts) {
        require(!isBlank(prompt) || !options.recipe.blend.empty(), "The prompt is empty; say what to draw.");
        require(reverie::is_utf8(prompt), "The prompt is not UTF-8 text; check the terminal's encoding.");
    }
    require(!options.seed || (*options.seed >= 0 && static_cast<std::uint64_t>(*options.seed) < seedLimit),
            "--seed must be from 0 to " + std::to_string(seedLimit - 1) + ".");
    require(!options.count || *options.count >= 1, "-n must be at least 1.");
    require(!options.batch || *options.batch >= 1, "--batch must be at least 1.");
    require(!options.candidates || *options.candidates >= 1, "--candidates must be at least 1.");
    require(!options.eta || (*options.eta >= 0 && *options.eta <= 1), "--eta must be from 0 to 1.");
    require(!options.strength || (*options.strength > 0 && *options.strength <= 1),
            "--strength must be above 0 and at most 1.");
    require(!options.strength || !options.start.empty(),
            "--strength belongs to --start; give a picture, too.");
    require(!options.negative || reverie::is_utf8(*options.negative),
            "The negative prompt is not UTF-8 text; check the terminal's encoding.");
    require(options.rows.empty() || !options.columns.empty(), "--y belongs to a grid; give --x, too.");
    requireFinite(options.condScale, "--cond-scale");
    requireFinite(options.priorCondScale, "--prior-cond-scale");
    if (options.sampler)
        reverie::sampler_from_string(*options.sampler);
    if (options.dtype)
        require(*options.dtype == "f32" || *options.dtype == "bf16" || *options.dtype == "f16",
                "There is no number type '" + *options.dtype + "'; choose f32, bf16 or f16.");
    const auto& device = options.device;
    const bool isCard = device.starts_with("cuda:") && device.size() > 5 && device.size() < 8
        && device.find_first_not_of("0123456789", 5) == std::string::npos;
    require(device == "auto" || device == "cpu" || device == "cuda" || isCard,
            "There is no device '" + device + "'; choose auto, cpu, cuda or cuda:N.");
    require(options.threads >= 0, "--threads must be at least 1; leave it away to use all cores.");
}

template <class To, class From>
void assignIfGiven(To& to, const std::optional<From>& from)
{
    if (from)
        to = *from;
}

/// The model that drew the picture: the one asked for, else the default, else any found with the recorded
/// hash.
std::filesystem::path modelOf(const reverie::PictureMaking& making, const GenerateOptions& options,
                              std::string& warning)
{
    const auto first = reverie::find_model(options.model);
    const auto& hash = making.settings.model_hash;
    if (hash.empty() || reverie::hash_file(first) == hash)
        return first;
    if (options.model.empty()) {
        for (const auto& path : reverie::find_models()) {
            if (reverie::hash_file(path) == hash)
                return path;
        }
    }
    warning
        = "The picture was drawn by another model (" + making.settings.model + "), so this one will differ.";
    return first;
}

std::uint64_t randomSeed()
{
    return std::random_device{}();
}

template <class T>
T oneNumber(const std::string& text)
{
    T number{};
    if (!CLI::detail::lexical_cast(text, number))
        throw CLI::ConversionError(text + " is no such number");
    return number;
}

/// A flag that takes a number, or a list of them to draw with each.
template <class T>
CLI::Option* addNumbers(CLI::App& command, GenerateOptions& options, const std::string& flag,
                        const std::string& parameter, std::optional<T>& number, const std::string& help)
{
    return command.add_option_function<std::string>(
        flag,
        [&options, &number, parameter](const std::string& text) {
            if (!reverie::is_number_list(text)) {
                number = oneNumber<T>(text);
                return;
            }
            options.lists.push_back(reverie::make_axis(parameter, text));
            number = static_cast<T>(reverie::expand_numbers(text).front());
        },
        help);
}

/// "20,10" are the stages', "8, 16, .., 32" are to be drawn with each.
void takeSteps(GenerateOptions& options, const std::string& text)
{
    if (text.find("..") != std::string::npos) {
        options.lists.push_back(reverie::make_axis("steps", text));
        options.steps = { static_cast<int>(reverie::expand_numbers(text).front()) };
        return;
    }
    std::istringstream parts(text);
    options.steps.clear();
    for (std::string part; std::getline(parts, part, ',');)
        options.steps.push_back(oneNumber<int>(part));
}

std::vector<std::string> expanded(const std::vector<std::string>& templates, const std::string& wildcards)
{
    std::vector<std::string> prompts;
    for (const auto& one : templates)
        for (auto& prompt : reverie::expand_prompt(one, wildcards))
            prompts.push_back(std::move(prompt));
    for (const auto& prompt : prompts)
        require(!isBlank(prompt), "A template stands for an empty prompt; say what to draw.");
    require(!prompts.empty(), "Only comments are left of the prompts; say what to draw.");
    return prompts;
}

} // namespace

void addGenerateFlags(CLI::App& command, GenerateOptions& options)
{
    command.add_option("PROMPT", options.prompts, "What to draw");
    command.add_option("--prompts", options.promptFile, "A text file with a prompt on each line");
    command.add_option("--from", options.from, "Draw again what this picture says it was made from");
    command.add_flag("--interactive", options.interactive, "Draw what is typed, line by line");
    command.add_flag("--expand", options.expand,
                     "Take {a|b}, {2$$a|b|c}, {1..4}, __file__ and # comments in prompts as templates");
    command.add_option("--wildcards", options.wildcards, "Folder of the text files that __file__ names");
    command.add_option("--start", options.start, "Begin with this picture instead of with noise");
    command.add_option("--strength", options.strength,
                       "How much of it to draw anew, up to 1; 0.6 if not given");
    addSamplingFlags(command, options);
}

void addSamplingFlags(CLI::App& command, GenerateOptions& options)
{
    command.add_option("--negative", options.negative, "What not to draw; works where guidance is above 1");
    command.add_option("-o,--out", options.out, "File (.png) or folder to write to; nothing is overwritten");
    command.add_option("--names", options.names,
                       "Names of the files: [index] [seed] [prompt] [date] [datetime<%Y-%m-%d>] [model] "
                       "[model_hash]; '/' makes folders");
    command.add_option("-n,--count", options.count, "Pictures of every prompt");
    addNumbers(command, options, "--seed", "seed", options.seed,
               "Seed of the first picture; the others count on from it");
    command.add_option("--model", options.model, "Model file, or the name of an installed model");
    addNumbers(
        command, options, "--cond-scale,--guidance", "guidance", options.condScale,
        "Guidance of the decoder; 1 is none. This and other numbers may be a list, 1,2,..,4, to draw with "
        "each");
    addNumbers(command, options, "--prior-cond-scale,--prior-guidance", "prior-guidance",
               options.priorCondScale, "Guidance of the prior; 1 is none");
    command.add_option_function<std::string>(
        "--steps", [&options](const std::string& text) { takeSteps(options, text); },
        "Steps of every stage, or one number for each: 20,10; 8,16,..,32 draws with each");
    addNumbers(command, options, "--prior-steps", "prior-steps", options.priorSteps, "Steps of the prior");
    command.add_option("--sampler", options.sampler, "ddpm, ddim or dpmpp");
    addNumbers(command, options, "--eta", "eta", options.eta, "Share of fresh noise in DDIM, 0 to 1");
    addNumbers(command, options, "--candidates", "candidates", options.candidates,
               "Embeddings the prior proposes for each picture");
    command.add_option("--x", options.columns,
                       "Draw a labelled grid whose columns differ in this: guidance=1,2,..,4, seed=1,2,3, "
                       "sampler=ddim,dpmpp, \"prompt=red heart | blue heart\"");
    command.add_option("--y", options.rows, "And whose rows differ in this");
    command.add_option("--batch", options.batch, "Pictures drawn at a time");
    command.add_option("--device", options.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
    command.add_option("--dtype", options.dtype, "f32, bf16 or f16: what the networks compute in");
    command.add_option("--threads", options.threads, "Processor threads; all cores if not given");
    command.add_flag("--save-stages", options.saveStages, "Keep every stage in <picture>.reverie/");
    command.add_flag("--no-gallery", options.noGallery, "Don't show the pictures in the gallery");
}

/// What is asked for by words, or by the picture to draw again.
static GenerateRequest requestOf(const GenerateOptions& options, GenerateJob& job,
                                 std::filesystem::path& model)
{
    if (!options.from.empty()) {
        const auto making = reverie::read_making(options.from);
        auto request = reverie::request_from(making);
        auto folders = reverie::source_folders(options.from);
        folders.push_back(std::filesystem::current_path());
        reverie::restore_sources(request.recipe, folders);
        job.generator.dtype = making.settings.dtype;
        model = modelOf(making, options, job.warning);
        return request;
    }
    GenerateRequest request;
    request.prompts
        = options.promptFile.empty() ? options.prompts : reverie::read_prompt_file(options.promptFile);
    if (options.expand)
        request.prompts = expanded(request.prompts, options.wildcards);
    request.seed = randomSeed();
    request.recipe = options.recipe;
    model = reverie::find_model(options.model);
    return request;
}

GenerateJob makeJob(const GenerateOptions& options)
{
    checkFlags(options);
    GenerateJob job;
    auto& request = job.request;
    std::filesystem::path model;
    request = requestOf(options, job, model);
    job.name = options.name;
    assignIfGiven(request.recipe.negative, options.negative);
    if (!options.start.empty())
        request.recipe.start
            = reverie::StartPicture{ reverie::read_source(options.start), options.strength.value_or(0.6) };
    assignIfGiven(request.seed, options.seed);
    assignIfGiven(request.count, options.count);
    assignIfGiven(request.cond_scale, options.condScale);
    assignIfGiven(request.prior_cond_scale, options.priorCondScale);
    assignIfGiven(request.prior_steps, options.priorSteps);
    assignIfGiven(request.candidates, options.candidates);
    assignIfGiven(request.eta, options.eta);
    assignIfGiven(request.batch, options.batch);
    if (!options.steps.empty())
        request.steps = options.steps;
    if (options.sampler)
        request.sampler = reverie::sampler_from_string(*options.sampler);
    request.preview_every = 0;
    assignIfGiven(job.generator.dtype, options.dtype);
    job.generator.device = options.device;
    job.generator.threads = options.threads;

    job.model = reverie::read_model_info(model);
    checkRequest(request, job.model);
    return job;
}

void checkRequest(const GenerateRequest& request, const ModelInfo& model)
{
    if (!model.is_pipeline())
        throw Error(model.path.string()
                    + " is only a part of a model and can't draw by itself; choose a whole one.");
    const auto isOff = [](const std::optional<double>& scale) { return !scale || *scale == 1; };
    require(isOff(request.cond_scale) || model.guidance,
            model.title + " was trained without guidance for its decoder; --cond-scale must be 1.");
    require(isOff(request.prior_cond_scale) || model.prior_guidance,
            model.title + " was trained without guidance for its prior; --prior-cond-scale must be 1.");
    require(!request.prior_steps
                || (*request.prior_steps >= 1 && *request.prior_steps <= model.prior.max_steps),
            "--prior-steps must be from 1 to " + std::to_string(model.prior.max_steps) + " with "
                + model.title + ".");
    require(request.steps.size() <= 1 || request.steps.size() == model.stages.size(),
            "--steps takes one number, or " + std::to_string(model.stages.size()) + " for the stages of "
                + model.title + ".");
    for (std::size_t i = 0; i < model.stages.size() && !request.steps.empty(); ++i) {
        const int steps = request.steps.size() == 1 ? request.steps[0] : request.steps[i];
        require(steps >= 1 && steps <= model.stages[i].max_steps,
                "--steps must be from 1 to " + std::to_string(model.stages[i].max_steps) + " for stage "
                    + std::to_string(i + 1) + " of " + model.title + ".");
    }
    const auto pictures = request.prompts.size() * static_cast<std::uint64_t>(request.count);
    constexpr std::uint64_t mostPictures = 1'000'000;
    require(pictures <= mostPictures, "That is more than a million pictures; ask for fewer at a time.");
    require(request.seed + pictures <= seedLimit,
            "--seed is too large for that many pictures; give a smaller one.");
}
