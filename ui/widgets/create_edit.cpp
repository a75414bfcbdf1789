// SPDX-License-Identifier: MIT
#include "ui/widgets/create_page.h"

#include "core/api/interpolation.h"
#include "core/api/request_json.h"
#include "core/base/error.h"
#include "ui/session/draw_queue.h"
#include "ui/session/session.h"
#include "ui/widgets/blend_panel.h"
#include "ui/widgets/cascade_strip.h"
#include "ui/widgets/edit_canvas.h"
#include "ui/widgets/edit_page.h"
#include "ui/widgets/finished_pane.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/picture_view.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/time_line.h"

#include <QAction>
#include <QFileInfo>
#include <QRandomGenerator>

// Going on from a picture: the editor, strips from one to another, later stages drawn anew, files that are
// dropped.
namespace reverie::ui {

void CreatePage::makeEditActions()
{
    using Keys = QList<QKeySequence>;
    const auto add = [this](const QString& text, const QString& icon, const QKeySequence& key,
                            void (CreatePage::*run)()) {
        QAction* action = addAction(text, Keys{ key }, run);
        action->setIcon(Theme::icon(icon));
        action->setToolTip(
            QStringLiteral("%1 (%2)").arg(action->iconText(), key.toString(QKeySequence::NativeText)));
        return action;
    };
    m_actions.edit
        = add(tr("&Edit This Picture"), QStringLiteral("edit"), Qt::CTRL | Qt::Key_R, &CreatePage::edit);
    m_actions.showEditor = add(tr("Back to the Edi&tor"), QStringLiteral("brush"),
                               Qt::CTRL | Qt::SHIFT | Qt::Key_R, &CreatePage::showEditor);
    m_actions.showStrip = add(tr("Back to the St&rip"), QStringLiteral("strip"),
                              Qt::CTRL | Qt::SHIFT | Qt::Key_B, &CreatePage::showStrip);
    m_actions.drawOn = add(tr("Draw the &Later Stages Anew"), QStringLiteral("next"), Qt::CTRL | Qt::Key_L,
                           &CreatePage::drawOn);
    const auto offer = [this](const QString& text, const std::function<void()>& run) {
        auto* action = new QAction(text, this);
        connect(action, &QAction::triggered, this, run);
        m_offers << action;
    };
    offer(tr("&Vary It"), [this] { readSource(m_offered, [this](const auto& source) { vary(source); }); });
    offer(tr("&Mix It In"), [this] { readSource(m_offered, {}); });
    offer(tr("&Edit It"), [this] { editPicture(m_offered); });
}

void CreatePage::connectEditing()
{
    connect(m_editor, &EditPage::leaveWanted, this, &CreatePage::leaveEditor);
    connect(&m_session, &Session::pictureSaved, this,
            [this](const QString& path, quint64 id) { noteStripFile(id, path); });
    connect(m_strip, &CascadeStrip::stageChosen, this, &CreatePage::showStage);
    connect(&m_parameters->blendPanel(), &BlendPanel::stripWanted, this, &CreatePage::drawStrip);
    connect(m_timeLine, &TimeLine::exported, this,
            [this](const QString& path) { m_message->showNote(tr("Written: %1").arg(path)); });
    connect(m_timeLine, &TimeLine::exportFailed, m_message,
            [this](const QString& text) { m_message->showError(text); });
}

void CreatePage::enableEditActions()
{
    const FinishedPicture* picture = currentPicture();
    const bool saved = picture && !picture->path.isEmpty();
    m_actions.edit->setEnabled(saved);
    const auto offer = [](QAction* action, bool offered) {
        action->setVisible(offered); // first: what is hidden can't be enabled
        action->setEnabled(offered);
    };
    offer(m_actions.showEditor, m_editor->isOpen() && m_showing != Showing::Editor);
    offer(m_actions.showStrip, m_interpolation.size() > 0 && m_showing != Showing::Strip);
    offer(m_actions.drawOn,
          saved && picture->picture.complete && m_showing == Showing::Picture
              && picture->picture.stages.size() > 1 && !picture->recipe.outpaint);
}

void CreatePage::readSource(const QString& path, std::function<void(const SourcePicture&)> then)
{
    m_message->dismiss();
    m_withSource = std::move(then);
    m_session.readSource(path);
}

void CreatePage::readMaking(const QString& path, std::function<void(const PictureMaking&)> then,
                            std::function<void(const QString&)> otherwise)
{
    m_withMaking = std::move(then);
    m_withoutMaking = std::move(otherwise);
    m_dropped.clear();
    m_session.readMaking(path);
}

void CreatePage::edit()
{
    if (const FinishedPicture* picture = currentPicture())
        editPicture(picture->path, QString::fromStdString(picture->picture.prompt));
}

void CreatePage::editPicture(const QString& path, const QString& prompt)
{
    readSource(path,
               [this, prompt](const SourcePicture& source) { openEditor(PictureEdit(source), prompt); });
}

void CreatePage::openEditor(PictureEdit edit, const QString& prompt)
{
    if (m_parameters->promptBox().toPlainText().trimmed().isEmpty() && !prompt.isEmpty())
        m_parameters->setPrompt(prompt);
    showEditor();
    m_editor->open(std::move(edit));
}

void CreatePage::showEditor()
{
    if (m_showing != Showing::Editor)
        m_behindEditor = m_showing;
    m_showing = Showing::Editor;
    refresh();
    m_editor->canvas().setFocus();
}

void CreatePage::leaveEditor()
{
    const bool nothingDrawn = !m_session.isDrawing() && m_drawn.empty(); // it was stopped meanwhile
    m_showing = m_behindEditor == Showing::Drawing && nothingDrawn ? Showing::Nothing : m_behindEditor;
    if (m_showing == Showing::Nothing && m_finished->currentRow() >= 0)
        m_showing = Showing::Picture;
    refresh();
    m_view->setFocus();
}

void CreatePage::vary(const SourcePicture& source)
{
    m_parameters->blendPanel().setRecipe({});
    m_parameters->blendPanel().addPicture(source);
}

void CreatePage::takeDropped(const QString& path)
{
    m_message->dismiss();
    restoreFrom(path);
    m_dropped = path;
}

void CreatePage::offerMore(const QString& text)
{
    if (m_dropped.isEmpty())
        return;
    m_offered = std::exchange(m_dropped, {});
    m_message->showOffer(text.isEmpty() ? m_message->text() : text, m_offers);
}

void CreatePage::drawStrip(int steps)
{
    auto draft = readyDraft();
    if (!draft)
        return;
    m_message->dismiss();
    const quint64 seed = draft->seed.value_or(QRandomGenerator::global()->generate());
    draft->request.seed = seed;
    draft->request.keep_steps = false;
    m_parameters->setLastSeed(seed);
    Settings::setLastSeed(seed);
    try {
        const auto requests = interpolation(draft->request, steps);
        m_completeSoon.stop();
        m_sketching = false;
        m_interpolation = InterpolationStrip(requests);
        m_stripFiles.clear();
        keepStrip(requests);
        m_timeLine->setFrames({});
        showStrip();
        m_queue.add(requests, draft->device);
    } catch (const Error& error) {
        m_message->showError(QString::fromStdString(error.what()));
    }
}

void CreatePage::keepStrip(const std::vector<GenerateRequest>& requests)
{
    Settings::Strip strip;
    for (const GenerateRequest& request : requests)
        strip.requests << QString::fromStdString(to_json(request));
    Settings::setStrip(strip);
}

/// As an earlier sitting left it; its pictures are read when somebody wants to see them.
void CreatePage::restoreStrip()
{
    const Settings::Strip strip = Settings::strip();
    try {
        std::vector<GenerateRequest> requests;
        for (const QString& request : strip.requests)
            requests.push_back(request_from_json(request.toStdString()));
        if (!requests.empty())
            m_interpolation = InterpolationStrip(requests);
        m_stripFiles = strip.paths;
    } catch (const Error&) { // nobody could go on with it
    }
}

void CreatePage::noteStripFile(quint64 id, const QString& path)
{
    if (!m_interpolation.noteSaved(id, path))
        return;
    Settings::Strip strip = Settings::strip();
    strip.paths = m_stripFiles + m_interpolation.paths();
    Settings::setStrip(strip);
}

void CreatePage::showStrip()
{
    m_session.addWritten(std::exchange(m_stripFiles, {}), this, [this](int row) {
        const FinishedPicture& picture = m_session.pictures().at(row);
        if (m_interpolation.take(picture))
            noteStripFile(picture.id, picture.path);
        refresh();
    });
    m_finished->setCurrentRow(-1);
    m_showing = Showing::Strip;
    m_focus = 0;
    m_focusChosen = true;
    m_view->setFocus();
    refresh();
}

/// All of them; while the time line is moved or played, one after the other.
CascadeState CreatePage::showInterpolation()
{
    std::vector<QImage> images = m_interpolation.images();
    const auto drawn = static_cast<std::size_t>(m_interpolation.drawn());
    if (m_timeLineOf != 0 || m_timeLine->frames().size() != drawn) {
        m_timeLineOf = 0;
        std::vector<TimeLine::Frame> frames;
        for (std::size_t i = 0; i < images.size(); ++i)
            if (!images[i].isNull())
                frames.push_back({ images[i], 0, static_cast<int>(i) + 1, static_cast<int>(images.size()) });
        m_timeLine->setFrames(std::move(frames));
    }
    if (m_timeLine->atEnd())
        m_view->show(std::move(images), m_focus);
    else
        m_view->show({ m_timeLine->current() }, 0);
    m_view->setDescription(tr("%1 of %2 pictures drawn").arg(drawn).arg(m_interpolation.size()));
    const FinishedPicture* picture = currentPicture();
    return picture ? cascadeOf(*picture) : CascadeState();
}

void CreatePage::showStage(int stage)
{
    if (!currentPicture() || m_showing == Showing::Strip)
        return;
    if (m_showing != Showing::Picture)
        m_finished->setCurrentRow(currentRow());
    m_timeLine->showStage(stage);
    enableActions();
    const int stages = static_cast<int>(m_session.model()->stages.size());
    if (stage < stages && m_actions.drawOn->isEnabled())
        m_message->showOffer(tr("Stage %1 of %2. The seed on the left counts for what is drawn anew; so does "
                                "the guidance, if those stages read the prompt.")
                                 .arg(stage)
                                 .arg(stages),
                             { m_actions.drawOn });
}

void CreatePage::drawOn()
{
    if (const FinishedPicture* picture = currentPicture())
        readMaking(picture->path, [this](const PictureMaking& making) { drawLaterStages(making); });
}

/// Behind the stage that the time line shows, or the last one alone.
void CreatePage::drawLaterStages(const PictureMaking& making)
{
    const QString model = QString::fromStdString(making.settings.model);
    if (!m_session.model() || model != QString::fromStdString(m_session.model()->title)) {
        m_message->showNote(
            tr("This picture was made with the model “%1”; open it to draw its later stages anew.")
                .arg(model));
        return;
    }
    const int stages = static_cast<int>(making.settings.steps.size());
    const int from = m_timeLine->stage() > 0 ? std::min(m_timeLine->stage() + 1, stages) : stages;
    GenerateRequest request = request_from(making);
    if (request.recipe.later && request.recipe.later->from < from) {
        m_message->showNote(
            tr("An earlier stage of this picture was drawn anew already; choose the stage before it."));
        return;
    }
    const Settings::Draft draft = m_parameters->draft();
    LaterStages later{ from, QRandomGenerator::global()->generate() };
    if (draft.seed && *draft.seed != making.seed)
        later.seed = *draft.seed;
    if (draft.request.cond_scale && *draft.request.cond_scale != making.settings.cond_scale)
        later.cond_scale = draft.request.cond_scale;
    request.recipe.later = later;
    request.keep_steps = keepsSteps(draft);
    m_message->dismiss();
    m_queue.add({ request }, draft.device);
}

} // namespace reverie::ui
