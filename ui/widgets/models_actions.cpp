// SPDX-License-Identifier: MIT
#include "ui/session/session.h"
#include "ui/widgets/assembly_panel.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/model_details.h"
#include "ui/widgets/models_list.h"
#include "ui/widgets/models_page.h"
#include "ui/widgets/page_action.h"

#include <QAction>
#include <QClipboard>
#include <QDesktopServices>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QInputDialog>
#include <QLineEdit>
#include <QStackedWidget>
#include <QUrl>

// What the page's actions do.
namespace reverie::ui {

QAction* ModelsPage::addAction(const QString& text, const char* icon, const char* name,
                               const QList<QKeySequence>& shortcuts, void (ModelsPage::*run)())
{
    auto* action = addPageAction(*this, name, text, icon, shortcuts);
    connect(action, &QAction::triggered, this, run);
    return action;
}

void ModelsPage::makeActions()
{
    using Keys = QList<QKeySequence>;
    m_actions.use = addAction(tr("&Use This Model"), "", "useModel", {}, &ModelsPage::use);
    m_actions.install = addAction(tr("&Install a Copy"), "plus", "installModel", {}, &ModelsPage::install);
    m_actions.assembleThis
        = addAction(tr("Put &Together With…"), "", "assembleThis", {}, &ModelsPage::assembleThis);
    m_actions.assemble = addAction(tr("&Put a Pipeline Together…"), "model", "assembleModel",
                                   Keys{ Qt::CTRL | Qt::Key_T }, &ModelsPage::assemble);
    m_actions.inspect = addAction(tr("&Look Into a File…"), "search", "inspectFile",
                                  Keys{ Qt::CTRL | Qt::Key_L }, &ModelsPage::chooseFile);
    m_actions.showInFolder
        = addAction(tr("Show in &Folder"), "folder", "showModelInFolder", {}, &ModelsPage::showInFolder);
    m_actions.rename = addAction(tr("&Rename…"), "", "renameModel", Keys{ Qt::Key_F2 }, &ModelsPage::rename);
    m_actions.remove = addAction(tr("Move to the T&rash"), "trash", "removeModel", Keys{ Qt::Key_Delete },
                                 &ModelsPage::remove);
    m_actions.undo = addAction(tr("&Undo"), "", "undoRemoval", Keys{ QKeySequence::Undo }, &ModelsPage::undo);
    m_actions.undo->setEnabled(false);
    m_actions.copyText = addAction(tr("&Copy What Is Known"), "copy", "copyModelFacts",
                                   Keys{ Qt::CTRL | Qt::SHIFT | Qt::Key_C }, &ModelsPage::copyText);
    m_actions.search = addAction(tr("&Search"), "search", "searchModels",
                                 Keys{ QKeySequence::Find, Qt::Key_Slash }, &ModelsPage::focusSearch);
    m_list->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_list->addActions({ m_actions.use, m_actions.assembleThis, m_actions.showInFolder, m_actions.rename,
                         m_actions.copyText, m_actions.remove });
}

void ModelsPage::enableActions()
{
    using Kind = ModelFile::Kind;
    const ModelFile* file = current();
    const Kind kind = file ? file->kind : Kind::Broken;
    const bool exists = file && QFileInfo::exists(file->path);
    const bool own = exists && ModelStore::isOwn(file->path);
    const bool elsewhere = file && m_store.isFromElsewhere(file->path);
    const bool pipeline = file && kind == Kind::Pipeline;
    const bool part = file
        && (kind == Kind::Part || kind == Kind::Vocabulary || (file->weights && file->weights->importable));
    m_actions.use->setVisible(pipeline);
    m_actions.use->setEnabled(pipeline && !isActive(file->path) && !m_session.isDrawing());
    m_actions.install->setVisible((pipeline || kind == Kind::Part) && (m_looked || elsewhere));
    m_actions.install->setEnabled(m_actions.install->isVisible());
    m_actions.assembleThis->setVisible(part);
    m_actions.assembleThis->setEnabled(part);
    m_actions.showInFolder->setEnabled(exists);
    m_actions.showInFolder->setVisible(exists);
    m_actions.rename->setEnabled(own && !m_looked && !m_session.isDrawing());
    m_actions.rename->setVisible(own && !m_looked);
    m_actions.remove->setText(elsewhere ? tr("Remove from the &List") : tr("Move to the T&rash"));
    m_actions.remove->setIconText(elsewhere ? tr("Remove from the List") : tr("Move to the Trash"));
    m_actions.remove->setEnabled((own || elsewhere) && !m_looked && !m_session.isDrawing());
    m_actions.remove->setVisible((own || elsewhere) && !m_looked);
    m_actions.copyText->setEnabled(file);
}

void ModelsPage::use()
{
    if (const ModelFile* file = current(); file && m_actions.use->isEnabled()) {
        const QString path = file->path;
        m_message->dismiss();
        m_store.note(path);
        if (m_looked)
            m_chooseWhenScanned = path;
        Q_EMIT useWanted(path);
    }
}

void ModelsPage::install()
{
    if (const ModelFile* file = current())
        m_store.add(file->path);
}

void ModelsPage::assembleThis()
{
    if (const ModelFile* file = current())
        openAssembly({ *file });
}

void ModelsPage::assemble()
{
    openAssembly({});
}

void ModelsPage::chooseFile()
{
    auto* dialog = new QFileDialog(this, tr("Look into a file"), {},
                                   tr("Models and weights (*.safetensors *.pt *.pth *.ckpt *.bin *.th "
                                      "*.index.json model_index.json);;All files (*)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    connect(dialog, &QFileDialog::filesSelected, this, &ModelsPage::take);
    dialog->open();
}

void ModelsPage::showInFolder()
{
    if (const ModelFile* file = current())
        QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(file->path).absolutePath()));
}

void ModelsPage::rename()
{
    const ModelFile* file = current();
    if (!file || !m_actions.rename->isEnabled())
        return;
    auto* dialog = new QInputDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("renameDialog"));
    dialog->setWindowTitle(tr("Rename the model"));
    dialog->setLabelText(tr("Name of the file"));
    dialog->setTextValue(QFileInfo(file->path).completeBaseName());
    connect(dialog, &QInputDialog::textValueSelected, this,
            [this, path = file->path](const QString& name) { m_store.rename(path, name); });
    dialog->open();
}

void ModelsPage::remove()
{
    const ModelFile* file = current();
    if (!file || !m_actions.remove->isEnabled())
        return;
    if (m_store.isFromElsewhere(file->path))
        m_store.forget(file->path);
    else if (ModelStore::isOwn(file->path)) // it may just have left the list
        m_store.remove(file->path);
}

void ModelsPage::undo()
{
    m_store.undoRemoval();
}

void ModelsPage::copyText()
{
    QGuiApplication::clipboard()->setText(m_details->text());
}

void ModelsPage::focusSearch()
{
    m_search->setFocus();
    m_search->selectAll();
}

} // namespace reverie::ui
