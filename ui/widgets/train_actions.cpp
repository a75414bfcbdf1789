// SPDX-License-Identifier: MIT
#include "ui/session/path.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/new_run_dialog.h"
#include "ui/widgets/page_action.h"
#include "ui/widgets/run_dialogs.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/train_page.h"

#include <QAction>
#include <QDesktopServices>
#include <QFileDialog>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QListView>
#include <QLocale>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QUrl>

// What the page's actions do.
namespace reverie::ui {

namespace {

std::string json(const QJsonObject& object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact).toStdString();
}

} // namespace

QAction* TrainPage::addAction(const char* id, const QString& text, const char* icon,
                              const QList<QKeySequence>& shortcuts, void (TrainPage::*run)())
{
    auto* action = addPageAction(*this, id, text, icon, shortcuts);
    connect(action, &QAction::triggered, this, run);
    return action;
}

void TrainPage::makeActions()
{
    using Keys = QList<QKeySequence>;
    m_actions.newRun
        = addAction("runNew", tr("&New Run…"), "plus", Keys{ QKeySequence::New }, &TrainPage::newRun);
    m_actions.pause = addAction("runPause", tr("&Pause"), "pause", Keys{ Qt::Key_P }, &TrainPage::pause);
    m_actions.checkpoint
        = addAction("runCheckpoint", tr("&Checkpoint Now"), "", Keys{ Qt::Key_K }, &TrainPage::checkpoint);
    m_actions.sample = addAction("runSample", tr("&Sample Now…"), "", Keys{ Qt::Key_S }, &TrainPage::sample);
    m_actions.rate
        = addAction("runRate", tr("&Learning Rate…"), "", Keys{ Qt::Key_L }, &TrainPage::changeRate);
    m_actions.stop = addAction("runStop", tr("S&top"), "stop", Keys{ Qt::Key_T }, &TrainPage::stop);
    m_actions.stop->setToolTip(tr("Saves a checkpoint and ends; Resume goes on from there"));
    m_actions.duplicate = addAction("runDuplicate", tr("&Duplicate with Changes…"), "copy",
                                    Keys{ Qt::CTRL | Qt::Key_D }, &TrainPage::duplicate);
    m_actions.thin = addAction("runThin", tr("T&hin Out Checkpoints…"), "", {}, &TrainPage::planThinning);
    m_actions.remove = addAction("runRemove", tr("Move to the T&rash"), "trash", Keys{ QKeySequence::Delete },
                                 &TrainPage::remove);
    m_actions.undo = addAction("runUndo", tr("&Undo"), "", Keys{ QKeySequence::Undo }, &TrainPage::undo);
    m_actions.undo->setEnabled(false);
    m_actions.showInFolder
        = addAction("runShow", tr("Show in &Folder"), "folder", {}, &TrainPage::showInFolder);
    m_actions.addFolder
        = addAction("runAddFolder", tr("Add a F&older of Runs…"), "plus", {}, &TrainPage::addFolder);
    m_actions.checkpoint->setIconText(tr("Checkpoint"));
    m_actions.sample->setIconText(tr("Sample…"));
}

void TrainPage::enableActions()
{
    using State = RunEntry::State;
    const RunEntry* run = current();
    const bool alive = run && run->isAlive();
    const bool running = run && run->state == State::Running;
    const bool paused = run && run->state == State::Paused;
    const bool resumable = run && run->canResume();
    m_actions.pause->setText(resumable ? tr("&Resume") : tr("&Pause"));
    m_actions.pause->setIcon(Theme::icon(resumable ? QStringLiteral("play") : QStringLiteral("pause")));
    m_actions.pause->setEnabled(running || resumable);
    m_actions.checkpoint->setEnabled(running || paused);
    m_actions.sample->setEnabled(running);
    m_actions.rate->setEnabled(running || paused);
    m_actions.stop->setEnabled(alive && run->state != State::Starting);
    m_actions.duplicate->setEnabled(run && run->state != State::Events && !run->what.isEmpty());
    m_actions.thin->setEnabled(m_checkpoints.size() > 1);
    m_actions.showInFolder->setEnabled(run);
    const QStringList folders = chosen();
    m_actions.remove->setEnabled(
        !folders.isEmpty() && std::none_of(folders.begin(), folders.end(), [this](const QString& folder) {
            return m_store.model().entry(folder)->isAlive();
        }));
    m_checkpointMenu->menuAction()->setEnabled(run && !m_checkpoints.empty());
    if (!m_checkpointMenu->isVisible())
        fillCheckpointMenu();
}

void TrainPage::fillCheckpointMenu()
{
    qDeleteAll(m_checkpointMenu->findChildren<QMenu*>(QString(), Qt::FindDirectChildrenOnly));
    m_checkpointMenu->clear();
    const RunEntry* run = current();
    if (!run)
        return;
    const bool canGoBack = run->state != RunEntry::State::Finished && run->state != RunEntry::State::Queued
        && run->state != RunEntry::State::Starting && run->isLocal;
    for (const auto& [checkpoint, isBest] : m_checkpoints) {
        const QString part = QString::fromStdString(checkpoint.part);
        QString name
            = tr("Step %1 of the %2").arg(QLocale().toString(qint64(checkpoint.step)), partName(part));
        if (isBest)
            name += tr(", the best");
        QMenu* menu = m_checkpointMenu->addMenu(name);
        menu->addAction(
            tr("&Open on the Create Page"), this,
            [this, file = toQString(checkpoint.folder / "model.safetensors")] { Q_EMIT modelWanted(file); });
        QAction* back = menu->addAction(
            tr("&Roll Back to It"), this,
            [this, folder = run->path, step = qint64(checkpoint.step)] { m_store.rollBack(folder, step); });
        back->setEnabled(canGoBack && (run->status.part.empty() || run->status.part == checkpoint.part));
    }
}

void TrainPage::fillFolderMenu()
{
    m_folderMenu->clear();
    m_folderMenu->addAction(m_actions.addFolder);
    m_folderMenu->addSeparator();
    for (const QString& folder : m_store.folders())
        m_folderMenu->addAction(tr("Stop Listing %1").arg(folder), this,
                                [this, folder] { m_store.removeFolder(folder); });
}

void TrainPage::newRun()
{
    openDialog({});
}

void TrainPage::openDialog(const std::optional<RunOrder>& again)
{
    auto* dialog = new NewRunDialog(m_store.model().entries(), *m_dialogThreads, again, this);
    dialog->setObjectName(QStringLiteral("newRunDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &NewRunDialog::startWanted, &m_store, &RunStore::launch);
    dialog->open();
}

void TrainPage::pause()
{
    if (const RunEntry* run = current())
        run->canResume() ? m_store.resume(run->path) : m_store.ask(run->path, { "pause" });
}

void TrainPage::checkpoint()
{
    if (const RunEntry* run = current())
        m_store.ask(run->path, { "checkpoint" });
}

void TrainPage::sample()
{
    const RunEntry* run = current();
    if (!run)
        return;
    auto* dialog = new SampleDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog, folder = run->path] {
        const QJsonObject arguments{ { QStringLiteral("prompts"),
                                       QJsonArray::fromStringList(dialog->prompts()) } };
        m_store.ask(folder, { "sample", json(arguments) });
    });
    dialog->open();
}

void TrainPage::changeRate()
{
    const RunEntry* run = current();
    if (!run)
        return;
    const QString part = QString::fromStdString(run->status.part);
    m_reading.start(
        [folder = run->path, part](const std::stop_token&, const JobRunner::Post&) {
            return learningRateOf(folder, part);
        },
        [this, folder = run->path, part](const std::optional<double>& now) {
            auto* dialog = new LearningRateDialog(partName(part), now, this);
            dialog->setAttribute(Qt::WA_DeleteOnClose);
            connect(dialog, &QDialog::accepted, this, [this, dialog, folder] {
                const QJsonObject arguments{ { QStringLiteral("key"), QStringLiteral("lr") },
                                             { QStringLiteral("value"), dialog->rate() } };
                m_store.ask(folder, { "set", json(arguments) });
            });
            dialog->open();
        },
        [this](const QString& text) { m_message->showError(text); });
}

void TrainPage::stop()
{
    if (const RunEntry* run = current())
        m_store.ask(run->path, { "stop" });
}

void TrainPage::duplicate()
{
    if (const RunEntry* run = current())
        m_reading.start(
            [folder = run->path](const std::stop_token&, const JobRunner::Post&) { return orderOf(folder); },
            [this](const RunOrder& order) { openDialog(order); },
            [this](const QString& text) { m_message->showError(text); });
}

void TrainPage::planThinning()
{
    if (const RunEntry* run = current())
        m_store.planThinning(run->path);
}

void TrainPage::askToThin(const QString& folder, const Thinning& thinning)
{
    if (thinning.folders.isEmpty()) {
        m_message->showNote(tr("There is nothing to thin out: only the newest and the best are left."));
        return;
    }
    const QString name = QFileInfo(folder).fileName();
    const auto count = thinning.folders.size();
    auto* box = new QMessageBox(this);
    box->setWindowTitle(tr("Thin out checkpoints"));
    box->setText(count == 1 ? tr("Delete a checkpoint of %1 for good?").arg(name)
                            : tr("Delete %1 checkpoints of %2 for good?").arg(count).arg(name));
    box->setInformativeText(
        tr("That frees %1. The newest and the best of each part stay.").arg(sizeText(thinning.bytes)));
    box->setObjectName(QStringLiteral("thinQuestion"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton* thin = box->addButton(tr("&Delete Them"), QMessageBox::DestructiveRole);
    thin->setObjectName(QStringLiteral("thinDelete"));
    box->setDefaultButton(box->addButton(QMessageBox::Cancel));
    connect(thin, &QPushButton::clicked, this, [this, folder, thinning] { m_store.thin(folder, thinning); });
    box->open();
}

void TrainPage::remove()
{
    if (m_actions.remove->isEnabled())
        m_store.trash(chosen());
}

void TrainPage::undo()
{
    m_message->dismiss();
    m_actions.undo->setEnabled(false);
    m_store.restore(std::exchange(m_trashed, {}));
}

void TrainPage::showInFolder()
{
    if (const RunEntry* run = current())
        QDesktopServices::openUrl(QUrl::fromLocalFile(run->path));
}

void TrainPage::addFolder()
{
    auto* dialog = new QFileDialog(this, tr("Add a folder of training runs or TensorBoard files"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, &m_store, &RunStore::addFolder);
    dialog->open();
}

} // namespace reverie::ui
