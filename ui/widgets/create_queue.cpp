// SPDX-License-Identifier: MIT
#include "ui/widgets/create_page.h"

#include "core/api/prompt_expansion.h"
#include "core/base/error.h"
#include "ui/session/draw_queue.h"
#include "ui/session/path.h"
#include "ui/session/session.h"
#include "ui/widgets/blend_panel.h"
#include "ui/widgets/edit_page.h"
#include "ui/widgets/finished_pane.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/queue_panel.h"

#include <QAction>
#include <QApplication>
#include <QRandomGenerator>
#include <QStandardPaths>
#include <QVBoxLayout>

#include <algorithm>

// Asking for drawings, and the queue that they go through.
namespace reverie::ui {

namespace {

/// Each once, in order.
template <class T>
std::vector<T> different(const std::vector<T>& all)
{
    std::vector<T> once;
    for (const T& one : all)
        if (std::find(once.begin(), once.end(), one) == once.end())
            once.push_back(one);
    return once;
}

} // namespace

std::filesystem::path CreatePage::wildcardFolder()
{
    return toPath(QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation)
                  + QStringLiteral("/reverie/wildcards"));
}

QWidget* CreatePage::makeFinishedColumn()
{
    auto* column = new QFrame;
    column->setObjectName(QStringLiteral("finishedColumn"));
    column->setMinimumWidth(112);
    auto* layout = new QVBoxLayout(column);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    layout->addWidget(m_queuePanel);
    layout->addWidget(m_finished, 1);
    return column;
}

void CreatePage::connectQueue()
{
    connect(&m_queue, &DrawQueue::begun, this, &CreatePage::showBegun);
    connect(&m_queue, &DrawQueue::ended, this, [this] { QApplication::alert(window()); });
    connect(&m_queue, &DrawQueue::failed, this, [this](const QString& text) { m_message->showError(text); });
    connect(&m_session, &Session::explored, this, [this] { QApplication::alert(window()); });
    connect(m_queuePanel, &QueuePanel::editWanted, this, &CreatePage::editQueued);
    connect(m_queuePanel, &QueuePanel::removed, this, [this](int count) {
        m_message->showOffer(count == 1 ? tr("A drawing left the queue.")
                                        : tr("%n drawings left the queue.", nullptr, count),
                             { m_queuePanel->actions().undo });
    });
}

std::optional<Settings::Draft> CreatePage::readyDraft()
{
    Settings::Draft draft = m_parameters->draft();
    try {
        draft.request.prompts = expand_prompt(draft.prompt.simplified().toStdString(), wildcardFolder());
    } catch (const Error& error) {
        m_message->showError(QString::fromStdString(error.what()));
        return {};
    }
    const bool mixed = !draft.request.recipe.blend.empty();
    if (draft.request.prompts.empty() && mixed)
        draft.request.prompts = { std::string() };
    if (draft.request.prompts.empty()) {
        m_message->showNote(tr("Describe a picture first, or click one of the captions."));
        return {};
    }
    draft.request.keep_steps = keepsSteps(draft);
    return draft;
}

void CreatePage::draw()
{
    ask(/*first=*/false);
}

void CreatePage::drawNext()
{
    ask(/*first=*/true);
}

void CreatePage::ask(bool first)
{
    auto draft = readyDraft();
    if (!draft) {
        m_parameters->promptBox().setFocus();
        return;
    }
    if (m_showing == Showing::Editor) {
        if (const QString problem = m_editor->edit().problem(m_session.model()->stages.back().size);
            !problem.isEmpty()) {
            m_message->showNote(problem);
            return;
        }
        draft->board = 0;
        m_editor->edit().applyTo(draft->request.recipe);
    }
    if (draft->board > 0 && m_session.isDrawing() && !m_session.isExploring()) {
        m_message->showOffer(tr("The board waits until nothing else is drawn."),
                             { m_queuePanel->actions().pause });
        return;
    }
    if (draft->board > 0 && !draft->lists.empty()) {
        m_message->showNote(tr("A board takes one number each; draw finished pictures for a list of them."));
        return;
    }
    const quint64 seed = draft->seed.value_or(QRandomGenerator::global()->generate());
    draft->request.seed = seed;
    m_message->dismiss();
    m_parameters->setLastSeed(seed);
    Settings::setLastSeed(seed);
    m_history.add(draft->prompt.simplified());
    m_completeSoon.stop();
    m_sketching = false;
    if (draft->board > 0) {
        m_drawn.clear();
        m_focus = 0;
        m_focusChosen = false;
        m_finished->setCurrentRow(-1);
        explore(*draft);
    } else {
        const bool waits = m_session.isDrawing() && !m_session.isExploring();
        const bool added = askForSet(*draft, { draft->request }, first);
        if (added && (waits || m_queue.isPaused()))
            m_message->showNote(m_queue.isPaused() ? tr("Added to the queue, which is paused.")
                                    : first        ? tr("Drawn next.")
                                                   : tr("Added to the queue."));
    }
    refresh();
}

void CreatePage::showBegun()
{
    m_drawn.clear();
    const bool ofStrip = m_showing == Showing::Strip && !m_interpolation.isComplete();
    if (m_showing == Showing::Drawing || m_showing == Showing::Nothing
        || (m_queue.rowCount() == 1 && !ofStrip)) {
        m_focus = 0;
        m_focusChosen = false;
        m_finished->setCurrentRow(-1);
        m_showing = Showing::Drawing;
    }
    refresh();
}

void CreatePage::editQueued(int row)
{
    const QueueEntry entry = m_queue.at(row);
    Settings::Draft draft = m_parameters->draft();
    draft.request = entry.request;
    const auto edit = PictureEdit::takenFrom(draft.request.recipe);
    draft.request.recipe.later.reset(); // no control shows it
    draft.request.seeds.clear();
    const auto prompts = different(entry.request.prompts);
    draft.prompt = QString::fromStdString(template_of(prompts));
    draft.seed = entry.request.seed;
    draft.lists.clear();
    if (const auto seeds = different(entry.request.seeds); !seeds.empty()) {
        draft.seed = seeds.front();
        QStringList list;
        for (const auto each : seeds)
            list << QString::number(each);
        if (list.size() > 1)
            draft.lists[QStringLiteral("seed")] = list.join(QStringLiteral(", "));
    }
    draft.board = 0;
    draft.device = entry.device;
    m_parameters->setDraft(draft);
    m_queue.remove({ row });
    if (edit)
        openEditor(*edit, {});
    m_parameters->promptBox().setFocus();
    m_message->showOffer(tr("Change it and draw it again; it left the queue."),
                         { m_queuePanel->actions().undo });
}

} // namespace reverie::ui
