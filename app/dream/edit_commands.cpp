// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/generate_options.h"
#include "app/dream/job_drawing.h"
#include "core/api/picture_file.h"
#include "core/api/source_picture.h"
#include "core/base/error.h"

#include <charconv>
#include <filesystem>

// Pictures from pictures: vary, blend, textdiff, inpaint, outpaint.
namespace {

namespace fs = std::filesystem;
using reverie::UsageError;

/// What a picture says it shows; empty if it says nothing.
std::string promptOf(const std::string& picture)
{
    try {
        return reverie::read_making(picture).prompt;
    } catch (const reverie::Error&) {
        return {};
    }
}

std::string stemOf(const std::string& picture)
{
    return fs::path(picture).stem().string();
}

struct EditOptions {
    GenerateOptions generate;
    std::string picture, mask, prompt, from, to, size, at;
    std::vector<std::string> parts;
    std::vector<double> weights;
    double strength = 0.3, overlap = 0.5;
    int resample = 5;
};

/// One number pair, "640x480" or "10,20".
std::pair<int, int> numbersOf(const std::string& text, char between, const std::string& flag)
{
    std::pair<int, int> numbers;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, numbers.first);
    if (first.ec == std::errc() && first.ptr != end && *first.ptr == between) {
        const auto second = std::from_chars(first.ptr + 1, end, numbers.second);
        if (second.ec == std::errc() && second.ptr == end)
            return numbers;
    }
    throw UsageError(flag + " takes two numbers with '" + between + "' between them, not '" + text + "'.");
}

/// A command that draws; `prepare` puts what is special about it into the options.
CLI::App* addEdit(CLI::App& app, int& status, const std::string& name, const std::string& help,
                  const std::shared_ptr<EditOptions>& options, const std::function<void()>& prepare)
{
    auto* command = app.add_subcommand(name, help);
    command->callback([options, prepare, &status] {
        prepare();
        status = drawJob(options->generate, makeJob(options->generate));
    });
    return command;
}

void finishEdit(CLI::App& command, EditOptions& options)
{
    addSamplingFlags(command, options.generate);
    addJsonFlag(command, options.generate.json);
}

void addVary(CLI::App& app, int& status)
{
    const auto options = std::make_shared<EditOptions>();
    auto* vary = addEdit(app, status, "vary", "Draw variations of a picture", options, [options] {
        options->generate.recipe.blend
            = { { .text = {}, .picture = reverie::read_source(options->picture) } };
        options->generate.prompts = { promptOf(options->picture) };
        options->generate.name = stemOf(options->picture) + "-variation";
    });
    vary->add_option("PICTURE", options->picture, "The picture")->required();
    finishEdit(*vary, *options);
}

void addBlend(CLI::App& app, int& status)
{
    const auto options = std::make_shared<EditOptions>();
    auto* blend = addEdit(app, status, "blend", "Draw what lies between pictures and prompts", options,
                          [options] { setBlend(options->generate, options->parts, options->weights); });
    blend->add_option("PART", options->parts, "Pictures, and prompts where there is no such file")
        ->required()
        ->expected(2, 64);
    blend->add_option("--weights", options->weights, "How much of each: 1,2; the same of all if not given")
        ->delimiter(',')
        ->allow_extra_args(false);
    finishEdit(*blend, *options);
}

void addTextDiff(CLI::App& app, int& status)
{
    const auto options = std::make_shared<EditOptions>();
    auto* diff
        = addEdit(app, status, "textdiff", "Change a picture the way one phrase differs from another",
                  options, [options] {
                      auto& recipe = options->generate.recipe;
                      recipe.blend = { { .text = {}, .picture = reverie::read_source(options->picture) } };
                      recipe.text_diff = reverie::TextDiff{ options->from, options->to, options->strength };
                      options->generate.prompts = { promptOf(options->picture) };
                      options->generate.name = stemOf(options->picture) + "-" + reverie::slug(options->to);
                  });
    diff->add_option("PICTURE", options->picture, "The picture")->required();
    diff->add_option("FROM", options->from, "What it is like")->required();
    diff->add_option("TO", options->to, "What it is to be like")->required();
    diff->add_option("--strength", options->strength, "How far to go, 0 to 1")->capture_default_str();
    finishEdit(*diff, *options);
}

void addInpaint(CLI::App& app, int& status)
{
    const auto options = std::make_shared<EditOptions>();
    auto* inpaint = addEdit(app, status, "inpaint", "Draw a part of a picture anew", options, [options] {
        options->generate.recipe.inpaint
            = reverie::InpaintPicture{ reverie::read_source(options->picture),
                                       reverie::read_source(options->mask), options->resample };
        options->generate.prompts = { options->prompt };
    });
    inpaint->add_option("PICTURE", options->picture, "The picture, which keeps its size")->required();
    inpaint->add_option("PROMPT", options->prompt, "What the whole picture shows afterwards")->required();
    inpaint
        ->add_option("--mask", options->mask,
                     "Picture of the same size, white or transparent where to draw; greys above half fade")
        ->required();
    inpaint->add_option("--resample", options->resample, "How often every step is taken, for seams that fit")
        ->capture_default_str();
    finishEdit(*inpaint, *options);
}

void addOutpaint(CLI::App& app, int& status)
{
    const auto options = std::make_shared<EditOptions>();
    auto* outpaint = addEdit(app, status, "outpaint", "Draw what lies around a picture", options, [options] {
        reverie::OutpaintPicture frame{ .picture = reverie::read_source(options->picture) };
        if (!options->size.empty())
            std::tie(frame.width, frame.height) = numbersOf(options->size, 'x', "--size");
        if (!options->at.empty())
            std::tie(frame.left, frame.top) = numbersOf(options->at, ',', "--at");
        frame.overlap = options->overlap;
        frame.resample_times = options->resample;
        options->generate.recipe.outpaint = std::move(frame);
        options->generate.prompts = { options->prompt };
    });
    outpaint->add_option("PICTURE", options->picture, "The picture")->required();
    outpaint->add_option("PROMPT", options->prompt, "What the frame shows")->required();
    outpaint->add_option("--size", options->size,
                         "Of the frame, as 640x480; twice the picture's if not given");
    outpaint->add_option("--at", options->at,
                         "Where the picture lies in it, as X,Y; the middle if not given");
    outpaint->add_option("--overlap", options->overlap, "What neighbouring windows share, 0 to below 1")
        ->capture_default_str();
    outpaint->add_option("--resample", options->resample, "How often every step is taken, for seams that fit")
        ->capture_default_str();
    finishEdit(*outpaint, *options);
}

} // namespace

void setBlend(GenerateOptions& options, const std::vector<std::string>& parts,
              const std::vector<double>& weights)
{
    if (!weights.empty() && weights.size() != parts.size())
        throw UsageError("There are " + std::to_string(parts.size()) + " parts but "
                         + std::to_string(weights.size()) + " weights; give one for each.");
    std::string words;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto& part = parts[i];
        reverie::BlendPart one;
        one.weight = weights.empty() ? 1 : weights[i];
        std::error_code error;
        if (fs::is_regular_file(part, error))
            one.picture = reverie::read_source(part);
        else
            one.text = part;
        const auto shown = one.picture ? promptOf(part) : part;
        words += (words.empty() || shown.empty() ? "" : " and ") + shown;
        options.name += (i == 0 ? "" : "-and-") + reverie::slug(one.picture ? stemOf(part) : part);
        options.recipe.blend.push_back(std::move(one));
    }
    options.prompts = { words };
    if (constexpr std::size_t longest = 100; options.name.size() > longest)
        options.name = "blend";
}

void addEditCommands(CLI::App& app, int& status)
{
    addVary(app, status);
    addBlend(app, status);
    addTextDiff(app, status);
    addInpaint(app, status);
    addOutpaint(app, status);
}
