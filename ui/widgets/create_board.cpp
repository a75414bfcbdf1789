// SPDX-License-Identifier: MIT
#include "ui/widgets/create_page.h"

#include "ui/session/session.h"
#include "ui/widgets/blend_panel.h"
#include "ui/widgets/board_bar.h"
#include "ui/widgets/finished_pane.h"
#include "ui/widgets/history_dialog.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/picture_view.h"
#include "ui/widgets/prompt_box.h"

#include <QAction>
#include <QFileDialog>
#include <QRandomGenerator>

#include <algorithm>

// The board of candidates, the mix that is drawn while its sliders move, and earlier prompts.
namespace reverie::ui {

namespace {

/// Candidates and sketches take three of eight steps as far as the first stage: enough to choose by, and with
/// the model that ships their captions are recognised as often as with all (96 of 100 against 95).
void quicken(GenerateRequest& request, const ModelInfo& model)
{
    const auto fewer = [](int steps) { return std::max(std::min(steps, 8), steps * 3 / 8); };
    const bool all
        = request.sampler ? *request.sampler == Sampler::Ddpm : model.sampler == to_string(Sampler::Ddpm);
    if (all || model.stages.empty())
        return;
    request.prior_steps = fewer(request.prior_steps.value_or(model.prior.default_steps));
    if (request.steps.empty())
        for (const StageInfo& stage : model.stages)
            request.steps.push_back(stage.default_steps);
    request.steps.resize(model.stages.size(), request.steps.front());
    request.steps.front() = fewer(request.steps.front());
}

} // namespace

void CreatePage::explore(const Settings::Draft& draft)
{
    GenerateRequest request = draft.request;
    request.count = draft.board;
    quicken(request, *m_session.model());
    m_showing = Showing::Board;
    m_session.explore(request, draft.device);
    m_view->setFocus();
}

CascadeState CreatePage::showCandidates()
{
    Board& board = m_session.board();
    const Drawing& run = m_session.drawing();
    std::vector<QImage> images;
    std::set<int> finished;
    int drawn = 0;
    for (int i = 0; i < board.size(); ++i) {
        const Picture* candidate = board.candidate(i);
        drawn += candidate ? 1 : 0;
        if (const auto one = board.finished().find(i); one != board.finished().end()) {
            finished.insert(i);
            images.push_back(m_session.pictures().at(m_session.pictures().rowOf(one->second)).image);
        } else if (candidate) {
            images.push_back(toQImage(candidate->image));
        } else {
            images.push_back(m_session.isExploring() && i < run.size() ? run.picture(i).newest() : QImage());
        }
    }
    m_view->show(std::move(images), m_focus);
    m_view->setBoard(board.picks(), finished);
    m_boardBar->show(board.size(), drawn, static_cast<int>(board.picks().size()),
                     static_cast<int>(finished.size()));
    if (const FinishedPicture* picture = currentPicture())
        return cascadeOf(*picture);
    if (const Picture* candidate = board.candidate(m_focus))
        return cascadeOf(*candidate, {});
    return m_session.isExploring() && m_focus < run.size() ? run.picture(m_focus) : CascadeState();
}

void CreatePage::togglePick(int index)
{
    m_session.board().toggle(index);
    m_focus = index;
    m_focusChosen = true;
    refresh();
}

void CreatePage::finishPicks()
{
    m_sketching = false;
    m_showing = Showing::Board;
    m_session.finishPicks(m_parameters->draft().device);
    refresh();
}

void CreatePage::showBoard()
{
    m_finished->setCurrentRow(-1);
    m_showing = Showing::Board;
    m_focus = std::min(m_focus, m_session.board().size() - 1);
    m_view->setFocus();
    refresh();
}

void CreatePage::sketch()
{
    if (m_parameters->blendPanel().isEmpty() || !m_session.model() || m_modelFailed)
        return;
    if (m_showing == Showing::Editor || (m_session.isDrawing() && !m_sketching))
        return;
    m_sketchAgain = m_session.isDrawing();
    if (m_sketchAgain) { // once this one is seen, or nothing would be while a slider moves
        m_completeSoon.start();
        return;
    }
    auto draft = readyDraft();
    if (!draft || draft->request.prompts.size() > 1)
        return;
    if (!m_sketchSeed)
        m_sketchSeed = QRandomGenerator::global()->generate();
    draft->request.seed = draft->seed.value_or(*m_sketchSeed);
    draft->request.count = 1;
    quicken(draft->request, *m_session.model());
    m_sketching = true;
    m_drawn.clear();
    m_focus = 0;
    m_finished->setCurrentRow(-1);
    m_showing = Showing::Drawing;
    m_session.sketch(draft->request, draft->device);
    m_completeSoon.start();
    refresh();
}

void CreatePage::completeSketch()
{
    if (!m_sketching)
        return;
    if (m_session.isDrawing()) {
        m_completeSoon.start();
        return;
    }
    m_session.finishSketch(m_parameters->draft().device);
    if (m_sketchSeed)
        m_parameters->setLastSeed(m_parameters->draft().seed.value_or(*m_sketchSeed));
}

void CreatePage::mixIn()
{
    if (const FinishedPicture* picture = currentPicture())
        readSource(picture->path, {});
}

void CreatePage::choosePictureToMix()
{
    auto* dialog = new QFileDialog(this, tr("A picture to mix in"), m_session.outputFolder(),
                                   tr("Pictures (*.png *.jpg *.jpeg *.webp)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) { readSource(path, {}); });
    dialog->open();
}

void CreatePage::showHistory()
{
    auto* dialog = new HistoryDialog(m_history, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &HistoryDialog::chosen, this, [this](const QString& prompt) {
        m_parameters->setPrompt(prompt);
        m_parameters->promptBox().setFocus();
    });
    dialog->open();
}

void CreatePage::stepHistory(const QString& prompt)
{
    if (!prompt.isNull())
        m_parameters->setPrompt(prompt);
}

} // namespace reverie::ui
