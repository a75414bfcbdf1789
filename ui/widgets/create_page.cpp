// SPDX-License-Identifier: MIT
#include "ui/widgets/create_page.h"

#include "core/api/prompt_expansion.h"
#include "core/api/prompt_weights.h"
#include "ui/session/session.h"
#include "ui/widgets/blend_panel.h"
#include "ui/widgets/board_bar.h"
#include "ui/widgets/cascade_strip.h"
#include "ui/widgets/edit_page.h"
#include "ui/widgets/empty_page.h"
#include "ui/widgets/finished_pane.h"
#include "ui/widgets/gallery_page.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/message_page.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/picture_bar.h"
#include "ui/widgets/picture_view.h"
#include "ui/widgets/progress_line.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/queue_panel.h"
#include "ui/widgets/settings_history.h"
#include "ui/widgets/time_line.h"

#include <QAction>
#include <QApplication>
#include <QFileInfo>
#include <QRandomGenerator>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int offered_captions = 12;
constexpr int preview_interval_ms = 40;
constexpr int complete_after_ms = 600;
constexpr double most_step_bytes = 256e6;

/// Every x0 estimate that was kept, through all stages; of a stage without any its end.
std::vector<TimeLine::Frame> framesOf(const Picture& picture)
{
    std::vector<TimeLine::Frame> frames;
    const auto add = [&frames](const Image& image, size_t stage, size_t step, size_t steps) {
        if (!image.empty())
            frames.push_back({ toQImage(image), static_cast<int>(stage) + 1, static_cast<int>(step) + 1,
                               static_cast<int>(steps) });
    };
    for (size_t stage = 0; stage < picture.stages.size(); ++stage) {
        const size_t kept = stage < picture.steps.size() ? picture.steps[stage].size() : 0;
        for (size_t step = 0; step < kept; ++step)
            add(picture.steps[stage][step], stage, step, kept);
        if (kept == 0)
            add(picture.stages[stage], stage, 0, 1);
    }
    return frames.size() > 1 ? frames : std::vector<TimeLine::Frame>();
}

} // namespace

CreatePage::CreatePage(Session& session, DrawQueue& queue, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_queue(queue)
    , m_parameters(new ParameterPanel)
    , m_message(new MessageBar)
    , m_stack(new QStackedWidget)
    , m_empty(new EmptyPage)
    , m_error(new MessagePage)
    , m_view(new PictureView)
    , m_bar(new PictureBar)
    , m_progress(new ProgressLine)
    , m_strip(new CascadeStrip)
    , m_finished(new FinishedPane(&session.pictures()))
    , m_splitter(new QSplitter)
    , m_queuePanel(new QueuePanel(queue))
    , m_boardBar(new BoardBar)
    , m_timeLine(new TimeLine)
    , m_editor(new EditPage)
    , m_steps(new SettingsHistory(*m_parameters, this))
    , m_captionTurn(QRandomGenerator::global()->generate())
{
    m_showSoon.setSingleShot(true);
    m_showSoon.setInterval(preview_interval_ms);
    m_completeSoon.setSingleShot(true);
    m_completeSoon.setInterval(complete_after_ms);
    makeActions();
    m_splitter->addWidget(m_parameters);
    m_splitter->addWidget(makeCentre());
    m_splitter->addWidget(makeFinishedColumn());
    m_splitter->setStretchFactor(0, 0);
    m_splitter->setStretchFactor(1, 4);
    m_splitter->setStretchFactor(2, 1);
    m_splitter->setHandleWidth(1);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->setSizes({ 320, 728, 232 });
    m_parameters->setMinimumWidth(288);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(m_splitter);
    connectSession();
    connectPanels();
    connectQueue();
    makeSets();
    connectEditing();
    refresh();
}

QWidget* CreatePage::makeCentre()
{
    auto* centre = new QFrame;
    centre->setObjectName(QStringLiteral("canvas"));
    auto* layout = new QVBoxLayout(centre);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    for (QWidget* page : { static_cast<QWidget*>(m_empty), static_cast<QWidget*>(m_error),
                           static_cast<QWidget*>(m_view), static_cast<QWidget*>(m_editor) })
        m_stack->addWidget(page);
    layout->addWidget(m_message);
    layout->addWidget(m_stack, 1);
    layout->addWidget(m_timeLine);
    layout->addWidget(m_boardBar);
    layout->addWidget(m_bar);
    layout->addWidget(m_progress);
    layout->addWidget(m_strip);
    m_progress->hide();
    m_strip->hide();
    m_boardBar->hide();
    m_timeLine->hide();
    return centre;
}

void CreatePage::connectSession()
{
    connect(&m_session, &Session::modelOpened, this, &CreatePage::showModel);
    connect(&m_session, &Session::modelFailed, this, &CreatePage::showModelError);
    connect(&m_session, &Session::drawingChanged, this, &CreatePage::showDrawing);
    connect(&m_session, &Session::progressed, this, [this] {
        if (!m_showSoon.isActive())
            m_showSoon.start();
    });
    connect(&m_showSoon, &QTimer::timeout, this, &CreatePage::showProgress);
    connect(&m_session, &Session::pictureFinished, this, &CreatePage::showFinished);
    connect(&m_session, &Session::waitingForTraining, this,
            [this] { m_progress->show(tr("Waiting for the run to pause…"), 0, {}); });
    connect(&m_session, &Session::warned, m_message, &MessageBar::showNote);
    connect(&m_session, &Session::failed, this, [this](const QString& text) { m_message->showError(text); });
    connect(&m_session, &Session::saveFailed, this, [this](const QString& text) {
        m_message->showError(text, { m_actions.chooseFolder, m_actions.saveAgain });
        enableActions();
    });
    connect(&m_session, &Session::advised, this, [this](const PromptAdvice& advice) {
        m_parameters->promptBox().showCompletions(advice.completions);
        m_parameters->setUnknownWords(advice.unknownWords);
    });
    connect(&m_session, &Session::makingRead, this, [this](const PictureMaking& making, const QString& path) {
        m_withoutMaking = {};
        if (const auto then = std::exchange(m_withMaking, {}))
            then(making);
        else
            showMaking(making, QFileInfo(path).fileName());
        offerMore({});
    });
    connect(&m_session, &Session::foreignRead, this,
            [this](const PictureMetadata& picture, const QString& path) {
                m_withMaking = {};
                m_withoutMaking = {};
                recall(picture, Recall::All, path);
                offerMore({});
            });
    connect(&m_session, &Session::makingFailed, this, [this](const QString& text) {
        m_withMaking = {};
        if (const auto otherwise = std::exchange(m_withoutMaking, {}))
            otherwise(text);
        else if (m_dropped.isEmpty())
            m_message->showError(text);
        offerMore(text);
    });
    connect(&m_session, &Session::sourceRead, this, [this](const SourcePicture& source) {
        if (const auto then = std::exchange(m_withSource, {}))
            then(source);
        else
            m_parameters->blendPanel().addPicture(source);
    });
    connect(&m_session, &Session::sourceFailed, this, [this](const QString& text) {
        m_withSource = {};
        m_message->showError(text);
    });
    connect(&m_session, &Session::explored, this, &CreatePage::refresh);
    connect(&m_session, &Session::drawingEnded, this, [this](bool stopped) {
        if (std::exchange(m_sketchAgain, false) && m_sketching && !stopped)
            sketch();
    });
    connect(&m_session.pictures(), &QAbstractItemModel::dataChanged, this, &CreatePage::refresh);
}

void CreatePage::connectPanels()
{
    m_parameters->setActions(m_actions.draw, m_actions.stop);
    connect(m_parameters, &ParameterPanel::promptChanged, &m_session, &Session::advise);
    connect(m_empty, &EmptyPage::captionChosen, this, &CreatePage::drawCaption);
    connect(m_empty, &EmptyPage::otherCaptionsWanted, this, &CreatePage::offerCaptions);
    connect(m_error, &MessagePage::chooseModelWanted, this, &CreatePage::chooseModelWanted);
    connect(m_error, &MessagePage::retryWanted, this, [this] { openModel(Settings::model()); });
    connect(m_error, &MessagePage::defaultModelWanted, this, [this] { openModel({}); });
    connect(m_finished, &FinishedPane::currentChanged, this, &CreatePage::showPicture);
    connect(m_parameters, &ParameterPanel::historyWanted, m_actions.history, &QAction::trigger);
    connect(&m_parameters->promptBox(), &PromptBox::olderWanted, this,
            [this] { stepHistory(m_history.older(m_parameters->promptBox().toPlainText())); });
    connect(&m_parameters->promptBox(), &PromptBox::newerWanted, this,
            [this] { stepHistory(m_history.newer()); });
    m_parameters->promptBox().setWeightProblem(tr("There is no model yet that could weight words."));
    connect(&m_parameters->promptBox(), &PromptBox::weightRefused, m_message, &MessageBar::showNote);
    connect(&m_parameters->blendPanel(), &BlendPanel::changed, this, &CreatePage::sketch);
    connect(&m_parameters->blendPanel(), &BlendPanel::pictureWanted, this, &CreatePage::choosePictureToMix);
    connect(&m_completeSoon, &QTimer::timeout, this, &CreatePage::completeSketch);
    connect(m_view, &PictureView::pickToggled, this, &CreatePage::togglePick);
    connect(m_timeLine, &TimeLine::moved, this, [this] {
        if (m_showing == Showing::Strip)
            refresh();
        else
            m_view->show({ m_timeLine->current() }, 0);
        enableActions();
    });
    connect(m_progress, &ProgressLine::backWanted, this, [this] {
        m_showing = m_session.board().isEmpty() || m_session.drawing().size() == 1 ? Showing::Drawing
                                                                                   : Showing::Board;
        refresh();
    });
    connect(m_view, &PictureView::currentChanged, this, [this](int index) {
        m_focus = index;
        m_focusChosen = true;
        refresh();
    });
    connect(m_view, &PictureView::opened, this, [this] {
        if (m_showing != Showing::Picture && currentRow() >= 0)
            m_finished->setCurrentRow(currentRow());
    });
    connect(m_view, &PictureView::dragStarted, this, &CreatePage::drag);
}

void CreatePage::openModel(const QString& path)
{
    Settings::setModel(path);
    m_session.openModel(path, m_parameters->draft().device);
}

void CreatePage::showModel(const ModelInfo& model)
{
    m_modelFailed = false;
    m_parameters->setModel(model);
    m_parameters->promptBox().setWeightProblem({});
    m_steps->accept();
    m_empty->setModel(model);
    if (m_strip->isAncestorOf(QApplication::focusWidget()))
        m_view->setFocus(); // its tiles go
    m_strip->setModel(model);
    offerCaptions();
    m_session.advise(m_parameters->promptBox().toPlainText());
    refresh();
}

void CreatePage::showModelError(const QString& message)
{
    m_modelFailed = true;
    m_showing = Showing::Nothing;
    m_finished->setCurrentRow(-1);
    m_error->showError(m_session.model() ? tr("The model can't be used")
                                         : tr("There is no model to draw with"),
                       message, !Settings::model().isEmpty());
    refresh();
}

void CreatePage::offerCaptions()
{
    m_empty->setCaptions(m_session.captionSelection(offered_captions, m_captionTurn++));
}

bool CreatePage::keepsSteps(const Settings::Draft& draft) const
{
    double bytes = 0;
    for (const StageInfo& stage : m_session.model()->stages)
        bytes += 3.0 * stage.size * stage.size * stage.default_steps;
    return bytes * std::max(draft.request.count, draft.board) <= most_step_bytes;
}

void CreatePage::drawCaption(const QString& caption)
{
    m_parameters->setPrompt(QString::fromStdString(template_of({ escape_weights(caption.toStdString()) })));
    m_actions.draw->trigger();
}

void CreatePage::showDrawing(bool isDrawing)
{
    m_parameters->setDrawing(isDrawing && !m_sketching);
    m_progress->show(tr("Getting ready"), 0, {});
    Q_EMIT titleChanged({});
    if (!isDrawing && !m_sketching && m_showing == Showing::Drawing && m_drawn.empty())
        m_showing = Showing::Nothing;
    refresh();
}

void CreatePage::showProgress()
{
    if (!m_session.isDrawing())
        return;
    const Drawing& drawing = m_session.drawing();
    const int stages = static_cast<int>(m_session.model()->stages.size());
    const QString what = drawing.stage() == 0 ? tr("Finding the idea")
                                              : tr("Stage %1 of %2").arg(drawing.stage()).arg(stages);
    m_progress->show(what, drawing.progress(), drawing.secondsLeft());
    Q_EMIT titleChanged(tr("%1%").arg(static_cast<int>(drawing.progress() * 100)));
    refresh();
}

void CreatePage::showFinished(int row)
{
    const FinishedPicture& picture = m_session.pictures().at(row);
    m_interpolation.take(picture);
    if (m_showing != Showing::Board)
        m_drawn[picture.picture.index] = picture.id;
    if (m_showing == Showing::Drawing && m_session.drawing().size() == 1)
        m_finished->setCurrentRow(row);
    refresh();
}

void CreatePage::showPicture(int row)
{
    if (row < 0)
        return;
    m_showing = Showing::Picture;
    refresh();
}

void CreatePage::refresh()
{
    const bool drawing = m_session.isDrawing();
    if (!m_focusChosen)
        m_focus = m_session.drawing().current();
    m_view->leaveBoard();
    const FinishedPicture* finished = currentPicture();
    CascadeState cascade;
    if (m_showing == Showing::Drawing)
        cascade = showRun();
    else if (m_showing == Showing::Board)
        cascade = showCandidates();
    else if (m_showing == Showing::Strip)
        cascade = showInterpolation();
    else if (finished)
        cascade = showOne(*finished);
    m_strip->show(cascade);
    if (finished)
        m_bar->show(*finished);
    m_bar->setVisible(finished);
    m_boardBar->setVisible(m_showing == Showing::Board);
    m_timeLine->setVisible((m_showing == Showing::Picture || m_showing == Showing::Strip)
                           && !m_timeLine->frames().empty());
    const bool editing = m_showing == Showing::Editor;
    const bool picture = m_showing != Showing::Nothing && !editing;
    m_strip->setVisible(picture && !(finished && finished->picture.stages.empty())); // a grid has none
    m_progress->setVisible(drawing);
    m_progress->setAway(drawing && (m_showing == Showing::Picture || editing));
    m_stack->setCurrentWidget(picture             ? static_cast<QWidget*>(m_view)
                                  : editing       ? static_cast<QWidget*>(m_editor)
                                  : m_modelFailed ? static_cast<QWidget*>(m_error)
                                                  : m_empty);
    enableActions();
}

CascadeState CreatePage::showRun()
{
    const Drawing& run = m_session.drawing();
    std::vector<QImage> images;
    for (int i = 0; i < run.size(); ++i)
        images.push_back(run.picture(i).newest());
    // Between two sketches the old one stays.
    if (m_sketching && images.size() == 1 && images[0].isNull())
        return {};
    m_view->show(std::move(images), m_focus);
    if (m_focus >= run.size())
        return {};
    CascadeState state = run.picture(m_focus);
    state.mix = mixOf(m_session.recipe());
    return state;
}

CascadeState CreatePage::showOne(const FinishedPicture& picture)
{
    if (m_timeLineOf != picture.id) {
        m_timeLineOf = picture.id;
        m_timeLine->setFrames(framesOf(picture.picture));
    }
    m_view->show({ m_timeLine->atEnd() ? picture.image : m_timeLine->current() }, 0);
    m_view->setDescription(QString::fromStdString(picture.picture.prompt).left(200));
    return cascadeOf(picture);
}

int CreatePage::currentRow() const
{
    if (m_showing == Showing::Picture)
        return m_finished->currentRow();
    if (m_showing == Showing::Board) {
        const auto& finished = m_session.board().finished();
        const auto one = finished.find(m_focus);
        return one == finished.end() ? -1 : m_session.pictures().rowOf(one->second);
    }
    if (m_showing == Showing::Strip)
        return m_session.pictures().rowOf(m_interpolation.idAt(m_focus));
    const auto drawn = m_drawn.find(m_focus);
    return m_showing == Showing::Drawing && drawn != m_drawn.end() ? m_session.pictures().rowOf(drawn->second)
                                                                   : -1;
}

const FinishedPicture* CreatePage::currentPicture() const
{
    const int row = currentRow();
    return row < 0 ? nullptr : &m_session.pictures().at(row);
}

void CreatePage::saveState() const
{
    Settings::setDraft(m_parameters->draft());
    Settings::setPanes(m_splitter->saveState());
}

void CreatePage::restoreState()
{
    m_parameters->setDraft(Settings::draft());
    m_steps->accept();
    if (const auto seed = Settings::lastSeed())
        m_parameters->setLastSeed(*seed);
    m_splitter->restoreState(Settings::panes());
    restoreStrip();
    enableActions();
}

} // namespace reverie::ui
