// SPDX-License-Identifier: MIT
#include "app/dream/job_drawing.h"

#include "app/dream/interrupt.h"
#include "core/api/picture_library.h"
#include "core/base/error.h"

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

} // namespace

reverie::Generator& WarmModel::generator()
{
    if (!m_generator)
        m_generator = reverie::open_generator(m_path, m_options);
    return *m_generator;
}

JobDrawing::JobDrawing(const GenerateOptions& options, const GenerateJob& job, Output& output)
    : m_job(job)
    , m_output(output)
    , m_writer({ .out = options.out,
                 .numbered = !options.promptFile.empty(),
                 .saveStages = options.saveStages,
                 .names = options.names,
                 .name = job.name,
                 .recipe = job.request.recipe },
               bytesNeeded(job, options.saveStages))
    , m_inGallery(!options.noGallery)
{
}

ExitStatus JobDrawing::run(WarmModel& model)
{
    if (!m_job.warning.empty())
        m_output.warning(m_job.warning);
    const Interrupt interrupt;
    if (!model.isOpen())
        m_output.progress("Loading " + printable(m_job.model.title) + " ...");
    const auto result = model.generator().generate(
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

void JobDrawing::onUpdate(const GenerateUpdate& update)
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

void JobDrawing::keep(const Picture& picture, const ResolvedSettings& settings)
{
    if (picture.image.empty() || m_written.contains(picture.index))
        return;
    const auto path = m_written[picture.index] = m_writer.write(picture, settings);
    m_newest = picture.image;
    registerIn(path);
    m_output.result(path.string());
    m_output.object({ { "type", "picture" },
                      { "path", path.string() },
                      { "prompt", picture.prompt },
                      { "seed", picture.seed },
                      { "index", picture.index },
                      { "width", picture.image.width },
                      { "height", picture.image.height },
                      { "kind", reverie::kind_of(m_job.request.recipe) },
                      { "complete", picture.complete } });
}

/// A picture is worth more than its place in the gallery.
void JobDrawing::registerIn(const std::filesystem::path& path)
{
    if (!m_inGallery)
        return;
    try {
        reverie::register_picture(path);
    } catch (const reverie::Error& error) {
        m_output.warning(error.what());
        m_inGallery = false;
    }
}
