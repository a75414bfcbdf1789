// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/generate_options.h"
#include "app/dream/interrupt.h"
#include "app/dream/job_drawing.h"
#include "core/api/interpolation.h"
#include "core/base/error.h"
#include "core/base/file.h"

#ifdef REVERIE_WITH_QT
#include "ui/session/drawing.h"
#include "ui/session/picture_codec.h"
#endif

#include <filesystem>

// Strips from one picture or phrase to another.
namespace {

namespace fs = std::filesystem;
using reverie::Image;
using reverie::UsageError;

struct InterpolateOptions {
    GenerateOptions generate;
    std::vector<std::string> parts;
    int steps = 8, milliseconds = 200;
};

/// Whether -o names an animation; its pictures then go into a folder beside it.
bool isAnimation(const fs::path& out)
{
    return out.extension() == ".webp" || out.extension() == ".gif";
}

#ifdef REVERIE_WITH_QT
fs::path writeAnimation(const fs::path& wanted, const std::vector<Image>& images, int milliseconds)
{
    constexpr int quality = 90;
    std::vector<reverie::ui::AnimationFrame> frames;
    for (const auto& image : images)
        frames.push_back({ reverie::ui::toQImage(image), milliseconds });
    const auto bytes = wanted.extension() == ".gif" ? reverie::ui::encodeGif(frames)
                                                    : reverie::ui::encodeAnimation(frames, quality);
    const auto path = reverie::unused_path(wanted);
    reverie::write_file(path, bytes.toStdString());
    return path;
}
#else
fs::path writeAnimation(const fs::path&, const std::vector<Image>&, int)
{
    throw UsageError("This dream was built without Qt and writes no animations; give -o a folder.");
}
#endif

int interpolate(InterpolateOptions& options)
{
    const fs::path out = options.generate.out;
    const bool animated = isAnimation(out);
#ifndef REVERIE_WITH_QT
    if (animated)
        writeAnimation(out, {}, 0);
#endif
    if (options.milliseconds < 10)
        throw UsageError("--milliseconds must be at least 10.");
    const auto& given = options.generate;
    if (given.count || !given.lists.empty() || !given.columns.empty() || !given.rows.empty())
        throw UsageError("A strip takes one number each and neither -n nor --x.");
    setBlend(options.generate, options.parts, {});
    if (animated)
        options.generate.out = (out.parent_path() / out.stem()).string() + "/";
    GenerateJob job = makeJob(options.generate);
    const auto requests = reverie::interpolation(job.request, options.steps);
    Output output(options.generate.json);
    WarmModel model(job);
    std::vector<Image> images;
    for (const auto& request : requests) {
        job.request = request;
        JobDrawing drawing(options.generate, job, output);
        const auto status = drawing.run(model);
        if (status != Done)
            return status;
        images.push_back(drawing.newest());
    }
    if (animated) {
        const auto path = writeAnimation(out, images, options.milliseconds);
        output.result(path.string());
        output.object({ { "type", "animation" }, { "path", path.string() }, { "pictures", images.size() } });
    }
    return Done;
}

} // namespace

void addInterpolateCommand(CLI::App& app, int& status)
{
    const auto options = std::make_shared<InterpolateOptions>();
    auto* command
        = app.add_subcommand("interpolate", "Draw a strip of pictures from one picture or prompt to another");
    command->add_option("PART", options->parts, "Pictures, and prompts where there is no such file")
        ->required()
        ->expected(2, 64);
    command->add_option("--pictures", options->steps, "How many, both ends included")->capture_default_str();
    command->add_option("--milliseconds", options->milliseconds, "Time of each in an animation")
        ->capture_default_str();
    addSamplingFlags(*command, options->generate);
    addJsonFlag(*command, options->generate.json);
    command->callback([options, &status] { status = interpolate(*options); });
}
