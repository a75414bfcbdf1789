// SPDX-License-Identifier: MIT
#include "app/dream/job_drawing.h"
#include "app/dream/picture_writer.h"
#include "core/api/picture_library.h"
#include "core/base/error.h"
#include "core/base/file.h"

#ifdef REVERIE_WITH_QT
#include "app/dream/gallery_program.h"
#include "ui/session/path.h"
#include "ui/session/picture_codec.h"
#include "ui/session/picture_grid.h"
#endif

// Many drawings of one job: with every number of its lists, and as a grid.
namespace {

namespace fs = std::filesystem;
using reverie::Axis;

/// One job, drawn part by part with the model kept warm.
class SetDrawing
{
public:
    SetDrawing(const GenerateOptions& options, const GenerateJob& job)
        : m_options(options)
        , m_job(job)
        , m_output(options.json)
        , m_model(job)
    {
    }

    ExitStatus draw(const std::vector<reverie::SetPart>& parts)
    {
        for (const auto& part : parts)
            checkRequest(part.request, m_job.model);
        for (const auto& part : parts) {
            auto job = m_job;
            job.request = part.request;
            JobDrawing drawing(m_options, job, m_output);
            const auto status = drawing.run(m_model);
            for (const auto& [index, path] : drawing.written())
                m_cells[part.cells.at(static_cast<std::size_t>(index))] = path;
            if (status != Done)
                return status;
        }
        return Done;
    }

    [[nodiscard]] const std::map<int, fs::path>& cells() const { return m_cells; }
    [[nodiscard]] Output& output() { return m_output; }

private:
    const GenerateOptions& m_options;
    const GenerateJob& m_job;
    Output m_output;
    WarmModel m_model;
    std::map<int, fs::path> m_cells; ///< what was written last of each
};

#ifdef REVERIE_WITH_QT

/// Where the grid goes: the file that was asked for, or one in the folder that was.
fs::path gridPath(const std::string& out, const std::string& words)
{
    if (const auto file = namedFile(out); !file.empty())
        return reverie::unused_path(file);
    return reverie::unused_path(fs::path(out) / ("grid-" + words + ".png"));
}

ExitStatus drawGrid(GenerateOptions options, const GenerateJob& job)
{
    std::vector<Axis> axes{ reverie::parse_axis(options.columns) };
    if (!options.rows.empty())
        axes.push_back(reverie::parse_axis(options.rows));
    const auto parts = reverie::combinations(job.request, { axes.rbegin(), axes.rend() });
    std::size_t cells = 1;
    for (const auto& axis : axes)
        cells *= axis.values.size();
    if (reverie::pictures_of(parts) != cells)
        throw reverie::UsageError("A cell of a grid holds one picture; give one prompt and no -n.");
    const auto path = gridPath(options.out, reverie::slug(parts[0].request.prompts[0]));
    options.out = (path.parent_path() / path.stem()).string() + "/"; // its pictures, beside it
    SetDrawing drawing(options, job);
    const auto status = drawing.draw(parts);
    if (drawing.cells().empty())
        return status;
    const dream_gallery::QtProgram qt(dream_gallery::QtProgram::Fonts::Yes);
    std::vector<QImage> pictures(cells);
    for (const auto& [cell, file] : drawing.cells())
        pictures.at(static_cast<std::size_t>(cell)) = reverie::ui::readPicture(reverie::ui::toQString(file));
    const auto making = reverie::read_making(drawing.cells().begin()->second);
    reverie::write_file(path, reverie::ui::gridFile(axes, pictures, making).toStdString());
    drawing.output().result(path.string());
    drawing.output().object({ { "type", "grid" }, { "path", path.string() }, { "pictures", cells } });
    try {
        if (!options.noGallery)
            reverie::register_picture(path);
    } catch (const reverie::Error& error) {
        drawing.output().warning(error.what());
    }
    return status;
}

#else

ExitStatus drawGrid(const GenerateOptions&, const GenerateJob&)
{
    throw reverie::UsageError("This dream was built without Qt, which grids need; draw the list alone.");
}

#endif

} // namespace

ExitStatus drawJob(const GenerateOptions& options, const GenerateJob& job)
{
    if (!options.lists.empty() && !options.columns.empty())
        throw reverie::UsageError("A grid has its lists in --x and --y; give one number elsewhere.");
    if (!options.columns.empty())
        return drawGrid(options, job);
    SetDrawing drawing(options, job);
    return drawing.draw(reverie::combinations(job.request, options.lists));
}
