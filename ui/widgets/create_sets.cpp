// SPDX-License-Identifier: MIT
#include "ui/widgets/create_page.h"

#include "core/api/number_list.h"
#include "core/api/prompt_expansion.h"
#include "core/base/error.h"
#include "ui/session/grid_keeper.h"
#include "ui/session/path.h"
#include "ui/session/picture_codec.h"
#include "ui/session/session.h"
#include "ui/session/set_forecast.h"
#include "ui/widgets/finished_pane.h"
#include "ui/widgets/grid_dialog.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/prompt_box.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QPushButton>
#include <QRandomGenerator>

#include <algorithm>

// Asking for many drawings at once: lists of numbers, grids, prompts from a file.
namespace reverie::ui {

namespace {

constexpr size_t most_unasked = 32;

std::vector<Axis> axesOf(const Settings::Draft& draft)
{
    std::vector<Axis> axes;
    for (const auto& [parameter, list] : draft.lists)
        axes.push_back(make_axis(parameter.toStdString(), list.toStdString()));
    return axes;
}

/// Stages whose steps differ need the number of the others.
void giveSteps(GenerateRequest& request, const std::vector<Axis>& axes, const ModelInfo& model)
{
    const bool asked = std::any_of(axes.begin(), axes.end(),
                                   [](const Axis& axis) { return axis.parameter.starts_with("stage-"); });
    if (asked && request.steps.empty())
        for (const StageInfo& stage : model.stages)
            request.steps.push_back(stage.default_steps);
}

/// What a grid may vary, with values to begin with.
std::vector<Axis> gridParameters(const GenerateRequest& request, const ModelInfo& model)
{
    std::vector<Axis> all;
    for (const auto& name : axis_parameters(model.stages.size(), request.recipe.blend.size())) {
        const bool missing = (name == "guidance" && !model.guidance)
            || (name == "prior-guidance" && !model.prior_guidance)
            || (name == "strength" && !request.recipe.text_diff && !request.recipe.start);
        if (missing)
            continue;
        Axis axis{ name, {} };
        if (name == "prompt")
            axis.values = request.prompts;
        else if (name == "negative")
            axis.values = { request.recipe.negative };
        else if (name == "sampler")
            axis.values = { "ddim", "dpmpp" };
        else if (name == "eta" || name == "strength" || name.starts_with("weight-"))
            axis.values = { "0", "0.5", "1" };
        else if (name.ends_with("steps"))
            axis.values = { "8", "16", "32" };
        else
            axis.values = { "1", "2", "3" };
        all.push_back(axis);
    }
    return all;
}

} // namespace

void CreatePage::makeSets()
{
    m_grids = new GridKeeper(m_session, m_queue, this);
    m_forecast = new SetForecast(m_session, this);
    m_actions.grid = addAction(tr("Draw a &Grid…"), { Qt::CTRL | Qt::Key_G }, &CreatePage::showGridDialog);
    m_actions.promptFile = addAction(tr("Draw &Prompts from a File…"), {}, &CreatePage::choosePrompts);
    connect(m_grids, &GridKeeper::finished, this, &CreatePage::showGrid);
    connect(m_grids, &GridKeeper::failed, this, [this](const QString& text) { m_message->showError(text); });
    connect(&m_session, &Session::promptsRead, this, &CreatePage::drawPrompts);
    connect(m_parameters, &ParameterPanel::changed, this, &CreatePage::showSetSize);
}

void CreatePage::showSetSize()
{
    const Settings::Draft draft = m_parameters->draft();
    qint64 pictures = draft.request.count;
    try {
        for (const Axis& axis : axesOf(draft))
            pictures *= static_cast<qint64>(axis.values.size());
        if (draft.prompt.contains(QLatin1Char('{')) && !draft.prompt.contains(QLatin1String("__")))
            pictures
                *= static_cast<qint64>(expand_prompt(draft.prompt.simplified().toStdString(), {}).size());
    } catch (const Error&) {
        pictures = 1; // drawing says what is wrong
    }
    m_parameters->setSetSize(draft.board == 0 && pictures != draft.request.count ? pictures : 1);
}

bool CreatePage::askForSet(const Settings::Draft& draft, const std::vector<GenerateRequest>& bases,
                           bool first)
{
    std::vector<SetPart> parts;
    try {
        const auto axes = axesOf(draft);
        for (GenerateRequest base : bases) {
            giveSteps(base, axes, *m_session.model());
            for (SetPart& part : combinations(base, axes))
                parts.push_back(std::move(part));
        }
    } catch (const Error& error) {
        m_message->showError(QString::fromUtf8(error.what()));
        return false;
    }
    const auto where = first ? DrawQueue::Where::Front : DrawQueue::Where::Back;
    const auto add = [this, parts, device = draft.device, where] { m_queue.add(parts, device, where); };
    const bool single = parts.size() == 1 && bases[0].prompts.size() == 1;
    if (single || pictures_of(parts) <= most_unasked) {
        add();
        return true;
    }
    confirm(parts, draft.device, add);
    return false;
}

void CreatePage::confirm(const std::vector<SetPart>& parts, const QString& device,
                         const std::function<void()>& draw)
{
    const auto pictures = static_cast<int>(pictures_of(parts));
    auto* box = new QMessageBox(QMessageBox::Question, tr("Draw many pictures?"),
                                tr("That makes %1 pictures.").arg(pictures), {}, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton* yes = box->addButton(tr("&Draw %1 Pictures").arg(pictures), QMessageBox::AcceptRole);
    box->addButton(QMessageBox::Cancel);
    box->setDefaultButton(yes);
    connect(yes, &QPushButton::clicked, this, draw);
    connect(m_forecast, &SetForecast::answered, box,
            [box](double seconds) { box->setInformativeText(tr("It takes %1.").arg(aboutTime(seconds))); });
    m_forecast->ask(parts, device);
    box->open();
}

void CreatePage::showGridDialog()
{
    auto draft = readyDraft();
    if (!draft) {
        m_parameters->promptBox().setFocus();
        return;
    }
    GenerateRequest base = draft->request;
    base.count = 1;
    base.seed = draft->seed.value_or(QRandomGenerator::global()->generate());
    std::vector<Axis> offered;
    try {
        offered = axesOf(*draft);
    } catch (const Error&) { // it offers its own
    }
    if (offered.empty())
        offered = m_gridAxes;
    if (base.prompts.size() > 1)
        offered.insert(offered.begin(), Axis{ "prompt", base.prompts });
    GenerateRequest complete = base;
    giveSteps(complete, { { "stage-1-steps", {} } }, *m_session.model());
    auto* dialog = new GridDialog(complete, draft->device, gridParameters(base, *m_session.model()),
                                  *m_forecast, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAxes(offered);
    connect(dialog, &GridDialog::chosen, this,
            [this, base, device = draft->device](const std::vector<Axis>& axes) {
                GenerateRequest request = base;
                giveSteps(request, axes, *m_session.model());
                m_gridAxes = axes;
                m_parameters->setLastSeed(request.seed);
                m_grids->add(request, axes, device, DrawQueue::Where::Back);
                m_message->showNote(tr("The grid is written when the last of its pictures is there."));
            });
    dialog->open();
}

void CreatePage::showGrid(const QString& path, const QImage& image, const PictureMaking& making)
{
    Picture picture;
    picture.prompt = making.prompt;
    picture.seed = making.seed;
    picture.image = toImage(image);
    picture.complete = true;
    const int row = m_session.addWritten(picture, making, path);
    if (!m_session.isDrawing() || m_session.isExploring())
        m_finished->setCurrentRow(row);
    m_message->showNote(tr("The grid is in %1.").arg(QFileInfo(path).fileName()));
}

void CreatePage::choosePrompts()
{
    auto* dialog = new QFileDialog(this, tr("Prompts, one on each line"), {}, tr("Text files (*.txt)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &CreatePage::readPrompts);
    dialog->open();
}

void CreatePage::readPrompts(const QString& path)
{
    m_withMaking = {}; // of a picture whose reading ends here
    m_withoutMaking = {};
    m_dropped.clear();
    m_session.readPrompts(path);
}

void CreatePage::drawPrompts(const QStringList& lines, const QString& path)
{
    const QString name = QFileInfo(path).fileName();
    if (!m_session.model() || m_modelFailed) {
        m_message->showError(
            tr("There is no model to draw the prompts of %1 with; open one first.").arg(name));
        return;
    }
    Settings::Draft draft = m_parameters->draft();
    draft.request.keep_steps = keepsSteps(draft);
    quint64 seed = draft.seed.value_or(QRandomGenerator::global()->generate());
    std::vector<GenerateRequest> bases;
    for (const QString& line : lines) {
        GenerateRequest base = draft.request;
        try {
            base.prompts = expand_prompt(line.simplified().toStdString(), wildcardFolder());
        } catch (const Error& error) {
            m_message->showError(tr("%1: %2").arg(name, QString::fromUtf8(error.what())));
            return;
        }
        if (base.prompts.empty())
            continue; // a comment
        base.seed = seed;
        seed += base.prompts.size() * static_cast<quint64>(base.count);
        bases.push_back(std::move(base));
    }
    if (bases.empty())
        m_message->showError(tr("%1 holds nothing but comments; write a prompt on each line.").arg(name));
    else if (askForSet(draft, bases, /*first=*/false))
        m_message->showNote(tr("The prompts of %1 are in the queue: %2.").arg(name).arg(bases.size()));
}

} // namespace reverie::ui
