// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/generate_options.h"
#include "app/dream/interrupt.h"
#include "app/dream/output.h"
#include "app/dream/picture_writer.h"

#include <set>

namespace {

using nlohmann::json;
using reverie::GenerateUpdate;
using reverie::Picture;
using reverie::ResolvedSettings;

std::string stageName(int stage)
{
    return stage == 0 ? "prior" : "stage " + std::to_string(stage);
}

std::string progressLine(const GenerateUpdate& update)
{
    std::string line = progressBar(update.progress) + " " + stageName(update.stage) + " "
        + std::to_string(update.step) + "/" + std::to_string(update.steps);
    if (update.seconds_left)
        line += ", " + durationText(*update.seconds_left) + " left";
    return line;
}

json progressObject(const GenerateUpdate& update)
{
    return { { "type", "progress" },
             { "stage", update.stage },
             { "step", update.step },
             { "steps", update.steps },
             { "first", update.first },
             { "count", update.count },
             { "progress", update.progress },
             { "seconds_left", update.seconds_left ? json(*update.seconds_left) : json() } };
}

json settingsObject(const ResolvedSettings& settings)
{
    return { { "cond_scale", settings.cond_scale },
             { "prior_cond_scale", settings.prior_cond_scale },
             { "prior_steps", settings.prior_steps },
             { "steps", settings.steps },
             { "candidates", settings.candidates },
             { "sampler", to_string(settings.sampler) },
             { "eta", settings.eta },
             { "model", settings.model },
             { "model_hash", settings.model_hash },
             { "device", settings.device },
             { "dtype", settings.dtype } };
}

/// Room for every picture with its texts, and as much again where its stages are kept.
std::uintmax_t bytesNeeded(const GenerateJob& job, bool saveStages)
{
    constexpr std::uintmax_t texts = 4096;
    const auto side
        = static_cast<std::uintmax_t>(job.model.stages.empty() ? 0 : job.model.stages.back().size);
    const auto pictures = job.request.prompts.size() * static_cast<std::uintmax_t>(job.request.count);
    return pictures * (side * side * 3 + texts) * (saveStages ? 2 : 1);
}

/// Draws and writes; pictures are on the disk as soon as they are finished.
class Drawing
{
public:
    Drawing(const GenerateOptions& options, const GenerateJob& job)
        : m_job(job)
        , m_output(options.json)
        , m_writer({ options.out, !options.promptFile.empty(), options.saveStages },
                   bytesNeeded(job, options.saveStages))
    {
    }

    ExitStatus run()
    {
        if (!m_job.warning.empty())
            m_output.warning(m_job.warning);
        const Interrupt interrupt;
        m_output.progress("Loading " + printable(m_job.model.title) + " ...");
        const auto generator = reverie::open_generator(m_job.model.path, m_job.generator);
        const auto result = generator->generate(
            m_job.request, [this](const GenerateUpdate& update) { onUpdate(update); }, interrupt.token());
        for (const auto& picture : result.pictures)
            keep(picture, result.settings);
        m_output.object({ { "type", "result" },
                          { "pictures", m_written.size() },
                          { "stopped", result.stopped },
                          { "settings", settingsObject(result.settings) } });
        if (result.stopped)
            m_output.note(m_written.empty() ? "Stopped before there was anything to see."
                                            : "Stopped; what was drawn so far is kept.");
        return result.stopped ? Interrupted : Done;
    }

private:
    void onUpdate(const GenerateUpdate& update)
    {
        if (!update.warning.empty())
            m_output.warning(update.warning);
        if (update.steps > 0) {
            m_output.progress(progressLine(update));
            m_output.object(progressObject(update));
        }
        for (const auto& picture : update.finished)
            keep(picture, update.settings);
    }

    void keep(const Picture& picture, const ResolvedSettings& settings)
    {
        if (picture.image.empty() || !m_written.insert(picture.index).second)
            return;
        const auto path = m_writer.write(picture, settings);
        m_output.result(path.string());
        m_output.object({ { "type", "picture" },
                          { "path", path.string() },
                          { "prompt", picture.prompt },
                          { "seed", picture.seed },
                          { "index", picture.index },
                          { "width", picture.image.width },
                          { "height", picture.image.height },
                          { "complete", picture.complete } });
    }

    const GenerateJob& m_job;
    Output m_output;
    PictureWriter m_writer;
    std::set<int> m_written; ///< by Picture::index
};

} // namespace

void addGenerateCommand(CLI::App& app, int& status)
{
    auto* generate = app.add_subcommand("generate", "Draw pictures from text");
    const auto options = std::make_shared<GenerateOptions>();
    addGenerateFlags(*generate, *options);
    addJsonFlag(*generate, options->json);
    generate->callback([options, &status] {
        const GenerateJob job = makeJob(*options);
        status = Drawing(*options, job).run();
    });
}
