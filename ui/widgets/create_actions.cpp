// SPDX-License-Identifier: MIT
#include "ui/widgets/create_page.h"

#include "core/api/prompt_expansion.h"
#include "ui/session/session.h"
#include "ui/widgets/board_bar.h"
#include "ui/widgets/empty_page.h"
#include "ui/widgets/finished_pane.h"
#include "ui/widgets/gallery_page.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/picture_bar.h"
#include "ui/widgets/picture_view.h"
#include "ui/widgets/settings_history.h"
#include "ui/widgets/theme.h"

#include <QAction>
#include <QClipboard>
#include <QDesktopServices>
#include <QDir>
#include <QDrag>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QMimeData>
#include <QUrl>

#include <algorithm>

// What the page's actions do.
namespace reverie::ui {

namespace {

/// The prompt as it stands in the box, where braces and number signs mean more than themselves.
QString asTyped(const std::string& prompt)
{
    return QString::fromStdString(template_of({ prompt }));
}

} // namespace

QAction* CreatePage::addAction(const QString& text, const QList<QKeySequence>& shortcuts,
                               void (CreatePage::*run)())
{
    auto* action = new QAction(text, this);
    action->setShortcuts(shortcuts);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut); // other pages have keys of their own
    QWidget::addAction(action);
    connect(action, &QAction::triggered, this, run);
    return action;
}

void CreatePage::makeActions()
{
    using Keys = QList<QKeySequence>;
    m_actions.draw = addAction(tr("&Draw"), Keys{ Qt::CTRL | Qt::Key_Return, Qt::CTRL | Qt::Key_Enter },
                               &CreatePage::draw);
    m_actions.draw->setShortcutContext(Qt::WindowShortcut);
    m_actions.drawNext = addAction(
        tr("Draw &Next"), Keys{ Qt::CTRL | Qt::SHIFT | Qt::Key_Return, Qt::CTRL | Qt::SHIFT | Qt::Key_Enter },
        &CreatePage::drawNext);
    m_actions.drawNext->setToolTip(tr("Draw before everything else in the queue (Ctrl+Shift+Enter)"));
    m_actions.stop = addAction(tr("&Stop and Keep What Is There"), Keys{ Qt::Key_Escape }, &CreatePage::stop);
    m_actions.reset = new QAction(tr("&Reset to the Model's Defaults"), this);
    connect(m_actions.reset, &QAction::triggered, m_parameters, &ParameterPanel::resetToDefaults);
    m_actions.copy = addAction(tr("&Copy Picture"), Keys{ QKeySequence::Copy }, &CreatePage::copy);
    m_actions.showInFolder = addAction(tr("Show in &Folder"), {}, &CreatePage::showInFolder);
    m_actions.usePrompt = addAction(tr("Use Its &Prompt"), {}, &CreatePage::usePrompt);
    m_actions.useSeed = addAction(tr("Use Its &Seed"), {}, &CreatePage::useSeed);
    m_actions.useAll = addAction(tr("Use &All Its Settings"), Keys{ Qt::CTRL | Qt::SHIFT | Qt::Key_A },
                                 &CreatePage::useAll);
    m_actions.chooseFolder = addAction(tr("Choose Output &Folder…"), {}, &CreatePage::chooseFolder);
    m_actions.saveAgain = addAction(tr("&Save Again"), {}, &CreatePage::saveAgain);
    m_actions.openFolder = addAction(tr("Open Output F&older"), {}, &CreatePage::openFolder);
    m_actions.finishPicks
        = addAction(tr("Draw Picks to the &End"), Keys{ Qt::CTRL | Qt::SHIFT | Qt::Key_Return },
                    &CreatePage::finishPicks);
    m_actions.finishPicks->setToolTip(tr("Draw what is picked to the end (Ctrl+Shift+Enter)"));
    m_actions.showBoard
        = addAction(tr("Back to the &Board"), Keys{ Qt::CTRL | Qt::Key_B }, &CreatePage::showBoard);
    m_actions.mixIn = addAction(tr("&Mix This Picture In"), Keys{ Qt::CTRL | Qt::Key_M }, &CreatePage::mixIn);
    m_actions.history
        = addAction(tr("Earlier &Prompts…"), Keys{ Qt::CTRL | Qt::Key_H }, &CreatePage::showHistory);
    makeUndo();
    m_boardBar->addAction(m_actions.finishPicks);
    makeEditActions();
    m_actions.mixIn->setIcon(Theme::icon(QStringLiteral("shuffle")));
    m_actions.showBoard->setIcon(Theme::icon(QStringLiteral("back")));
    m_actions.copy->setIcon(Theme::icon(QStringLiteral("copy")));
    m_actions.showInFolder->setIcon(Theme::icon(QStringLiteral("folder")));
    m_actions.useAll->setIcon(Theme::icon(QStringLiteral("reuse")));
    for (QAction* action :
         { m_actions.showBoard, m_actions.showStrip, m_actions.showEditor, m_actions.edit, m_actions.drawOn,
           m_actions.mixIn, m_actions.useAll, m_actions.copy, m_actions.showInFolder })
        m_bar->addAction(action);
    const QList<QAction*> ofPicture{ m_actions.copy,    m_actions.showInFolder, m_actions.usePrompt,
                                     m_actions.useSeed, m_actions.useAll,       m_actions.mixIn,
                                     m_actions.edit,    m_actions.drawOn };
    m_finished->setActions(ofPicture);
    m_view->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_view->addActions(ofPicture);
}

/// Where the panel, the picture or the finished pictures have the keyboard; what removes and brings back
/// queued drawings has a step of its own.
void CreatePage::makeUndo()
{
    m_actions.undo = m_steps->makeUndo(this);
    m_actions.redo = m_steps->makeRedo(this);
    m_actions.undo->setObjectName(QStringLiteral("undoSettings"));
    m_actions.redo->setObjectName(QStringLiteral("redoSettings"));
    m_actions.undo->setShortcut(Qt::CTRL | Qt::Key_Z);
    m_actions.redo->setShortcuts(
        { QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), QKeySequence(Qt::CTRL | Qt::Key_Y) });
    for (QAction* action : { m_actions.undo, m_actions.redo }) {
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        m_parameters->addAction(action);
        m_finished->addAction(action);
        m_empty->addAction(action);
        m_view->addAction(action);
    }
}

void CreatePage::enableActions()
{
    const bool drawing = m_session.isDrawing();
    const bool ready = m_session.model() && !m_modelFailed;
    const FinishedPicture* picture = currentPicture();
    m_actions.draw->setEnabled(ready);
    m_actions.grid->setEnabled(ready);
    m_actions.promptFile->setEnabled(ready);
    m_parameters->setReady(ready);
    m_actions.stop->setEnabled(drawing);
    m_actions.reset->setEnabled(m_session.model());
    const Board& board = m_session.board();
    m_actions.finishPicks->setEnabled(!drawing && !board.picks().empty());
    m_actions.drawNext->setEnabled(ready && !m_actions.finishPicks->isEnabled()); // they share a key
    m_actions.showBoard->setEnabled(board.size() > 1 && m_showing != Showing::Board);
    m_actions.mixIn->setEnabled(picture && !picture->path.isEmpty());
    m_actions.showInFolder->setEnabled(picture && !picture->path.isEmpty());
    for (QAction* action : { m_actions.copy, m_actions.usePrompt, m_actions.useSeed, m_actions.useAll })
        action->setEnabled(picture);
    enableEditActions();
}

void CreatePage::stop()
{
    m_session.stop();
}

void CreatePage::copy()
{
    if (const int row = currentRow(); row >= 0)
        QGuiApplication::clipboard()->setMimeData(m_session.pictures().mimeData(row));
}

void CreatePage::drag(int)
{
    const FinishedPicture* picture = currentPicture();
    if (!picture)
        return;
    auto* drag = new QDrag(this);
    drag->setMimeData(m_session.pictures().mimeData(currentRow()));
    drag->setPixmap(QPixmap::fromImage(picture->image.scaledToWidth(96, Qt::SmoothTransformation)));
    drag->exec(Qt::CopyAction);
}

void CreatePage::showInFolder()
{
    if (const FinishedPicture* picture = currentPicture())
        QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(picture->path).absolutePath()));
}

void CreatePage::openFolder()
{
    const QString folder = m_session.outputFolder();
    if (!QFileInfo(folder).isDir()) {
        m_message->showNote(
            tr("The folder %1 appears with the first picture.").arg(QDir::toNativeSeparators(folder)));
        return;
    }
    QDesktopServices::openUrl(QUrl::fromLocalFile(folder));
}

void CreatePage::chooseFolder()
{
    auto* dialog = new QFileDialog(this, tr("Where pictures go"), m_session.outputFolder());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& folder) {
        Settings::setOutputFolder(folder);
        m_session.setOutputFolder(folder);
        saveAgain();
    });
    dialog->open();
}

void CreatePage::saveAgain()
{
    m_message->dismiss();
    m_session.saveUnsaved();
}

void CreatePage::usePrompt()
{
    if (const FinishedPicture* picture = currentPicture())
        m_parameters->setPrompt(asTyped(picture->picture.prompt));
}

void CreatePage::useSeed()
{
    if (const FinishedPicture* picture = currentPicture())
        m_parameters->setSeed(picture->picture.seed);
}

void CreatePage::useAll()
{
    const FinishedPicture* picture = currentPicture();
    if (!picture)
        return;
    if (sources_of(picture->recipe).empty() || picture->path.isEmpty())
        showMaking(picture->making(), {});
    else
        readMaking(picture->path, {});
}

void CreatePage::restoreFrom(const QString& picture)
{
    readMaking(picture, {});
}

void CreatePage::recall(const PictureMetadata& picture, Recall what, const QString& path)
{
    const QString file = QFileInfo(path).fileName();
    if (what == Recall::All && picture.making) {
        if (sources_of(picture.making->recipe).empty())
            showMaking(*picture.making, file);
        else // without their pixels the rest is taken over all the same
            readMaking(path, {},
                       [this, making = *picture.making, file](const QString&) { showMaking(making, file); });
        return;
    }
    if (what != Recall::Seed)
        m_parameters->setPrompt(asTyped(picture.prompt));
    constexpr std::uint64_t seed_limit = 1ULL << 53U;
    if (what != Recall::Prompt && picture.seed && *picture.seed < seed_limit)
        m_parameters->setSeed(*picture.seed);
    if (what != Recall::All)
        return;
    Settings::Draft draft = m_parameters->draft();
    draft.request.recipe.negative = picture.negative_prompt;
    m_parameters->setDraft(draft);
    m_message->showNote(tr("%1 was drawn by %2, so only its prompts and seed were taken over.")
                            .arg(file, QString::fromStdString(picture.tool)));
}

void CreatePage::showMaking(const PictureMaking& making, const QString& file)
{
    Settings::Draft draft;
    draft.request = request_from(making);
    auto& recipe = draft.request.recipe;
    const auto sources = sources_of(recipe);
    const bool sourcesMissing = std::any_of(sources.begin(), sources.end(),
                                            [](const auto* source) { return source->image.empty(); });
    const bool edited = sourcesMissing && (recipe.start || recipe.inpaint || recipe.outpaint);
    const auto edit = PictureEdit::takenFrom(recipe);
    recipe.later.reset(); // no control shows it
    if (sourcesMissing)
        recipe.blend.clear();
    draft.prompt = asTyped(making.prompt);
    draft.seed = making.seed;
    draft.device = m_parameters->draft().device;
    m_parameters->setDraft(draft);
    if (!making.axes.empty())
        m_gridAxes = making.axes;
    if (edit)
        openEditor(*edit, {});
    const QString model = QString::fromStdString(making.settings.model);
    if (m_session.model() && model != QString::fromStdString(m_session.model()->title))
        m_message->showNote(
            tr("This picture was made with the model “%1”; open it to draw the same again.").arg(model));
    else if (edited || sourcesMissing)
        m_message->showNote(
            edited ? tr("Took over the prompt and the numbers, but the picture it was edited from is gone.")
                   : tr("Took over all but the pictures it was mixed from; drop its file here for those."));
    else if (!file.isEmpty())
        m_message->showNote(making.recipe.later
                                ? tr("Took over all that made %1 but the later stages' own seed.").arg(file)
                                : tr("Took over everything that made %1.").arg(file));
}

} // namespace reverie::ui
