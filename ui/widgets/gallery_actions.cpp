// SPDX-License-Identifier: MIT
#include "ui/session/gallery_model.h"
#include "ui/session/picture_codec.h"
#include "ui/widgets/export_dialog.h"
#include "ui/widgets/gallery_details.h"
#include "ui/widgets/gallery_grid.h"
#include "ui/widgets/gallery_page.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/page_action.h"
#include "ui/widgets/viewer.h"

#include <QAction>
#include <QClipboard>
#include <QDesktopServices>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QLineEdit>
#include <QMimeData>
#include <QStackedWidget>
#include <QUrl>

// What the page's actions do.
namespace reverie::ui {

QAction* GalleryPage::addAction(const QString& text, const char* icon, const QList<QKeySequence>& shortcuts,
                                void (GalleryPage::*run)())
{
    auto* action = addPageAction(*this, "", text, icon, shortcuts);
    connect(action, &QAction::triggered, this, run);
    return action;
}

QAction* GalleryPage::addSwitch(const QString& text, const char* icon, Qt::Key key)
{
    auto* action = addPageAction(*this, "", text, icon, { key });
    action->setCheckable(true);
    return action;
}

/// Keys alone, without a place in menus.
void GalleryPage::makeKeys()
{
    using Keys = QList<QKeySequence>;
    const auto add = [this](const QString& text, const Keys& keys, auto run) {
        auto* action = new QAction(text, this);
        action->setShortcuts(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, run);
        QWidget::addAction(action);
    };
    for (int rating = 1; rating <= 9; ++rating)
        add(tr("Rate %1").arg(rating), { Qt::Key(Qt::Key_0 + rating) }, [this, rating] { rate(rating); });
    add(tr("Take the Rating Away"), { Qt::Key_0 }, [this] { rate(0); });
    const auto whenViewing = [this](auto zoom) {
        return [this, zoom] {
            if (isViewing())
                zoom(m_viewer->canvas());
        };
    };
    add(tr("Zoom In"), { Qt::Key_Plus, Qt::Key_Equal },
        whenViewing([](auto& canvas) { canvas.zoomBy(1.25); }));
    add(tr("Zoom Out"), { Qt::Key_Minus }, whenViewing([](auto& canvas) { canvas.zoomBy(1 / 1.25); }));
    add(tr("Fit into the Window"), { Qt::Key_F }, whenViewing([](auto& canvas) { canvas.fit(); }));
    add(tr("Actual Size"), { Qt::Key_O }, whenViewing([](auto& canvas) { canvas.actualSize(); }));
}

void GalleryPage::makeActions()
{
    makeKeys();
    using Keys = QList<QKeySequence>;
    m_actions.open = addAction(tr("&Look Closely"), "fit", Keys{ Qt::Key_Z }, &GalleryPage::openViewer);
    m_actions.compare = addAction(tr("Co&mpare"), "compare", Keys{ Qt::Key_M }, &GalleryPage::compare);
    m_actions.swap = addAction(tr("S&wap Compared"), "", Keys{ Qt::Key_C }, &GalleryPage::swapCompared);
    m_actions.star = addAction(tr("S&tar"), "star", Keys{ Qt::Key_Period }, &GalleryPage::star);
    m_actions.tag = addAction(tr("Add a Ta&g"), "", Keys{ Qt::Key_T }, &GalleryPage::tag);
    m_actions.recallAll
        = addAction(tr("Use &All Its Settings"), "reuse", Keys{ Qt::Key_A }, &GalleryPage::recallAll);
    m_actions.recallPrompt
        = addAction(tr("Use Its &Prompt"), "", Keys{ Qt::Key_P }, &GalleryPage::recallPrompt);
    m_actions.recallSeed = addAction(tr("Use Its &Seed"), "", Keys{ Qt::Key_S }, &GalleryPage::recallSeed);
    m_actions.copy = addAction(tr("&Copy Picture"), "copy", {}, &GalleryPage::copy);
    m_actions.copyText = addAction(tr("Copy What Is &Known"), "", Keys{ Qt::CTRL | Qt::SHIFT | Qt::Key_C },
                                   &GalleryPage::copyText);
    m_actions.showInFolder = addAction(tr("Show in &Folder"), "folder", {}, &GalleryPage::showInFolder);
    m_actions.verify = addAction(tr("&Verify"), "verify", Keys{ Qt::Key_V }, &GalleryPage::verify);
    m_actions.verify->setToolTip(tr("Draw it again from its record and compare"));
    m_actions.edit = addAction(tr("&Edit on the Create Page"), "edit", Keys{ Qt::Key_E }, &GalleryPage::edit);
    m_actions.edit->setIconText(tr("Edit"));
    m_actions.exportSelection
        = addAction(tr("&Export…"), "export", Keys{ Qt::CTRL | Qt::Key_E }, &GalleryPage::exportSelection);
    m_actions.remove = addAction(tr("Move to the T&rash"), "trash", Keys{ Qt::Key_Delete, Qt::Key_X },
                                 &GalleryPage::remove);
    m_actions.details
        = addAction(tr("Show &Details"), "info", Keys{ Qt::Key_I }, &GalleryPage::toggleDetails);
    m_actions.search = addAction(tr("&Search"), "search", Keys{ QKeySequence::Find, Qt::Key_Slash },
                                 &GalleryPage::focusSearch);
    m_actions.addFolder = addAction(tr("Add a F&older…"), "plus", {}, &GalleryPage::addFolder);
    m_actions.undo = addAction(tr("&Undo"), "", Keys{ QKeySequence::Undo }, &GalleryPage::undo);
    m_actions.undo->setEnabled(false);
    m_actions.moreLike
        = addAction(tr("More &Like This"), "meaning", Keys{ Qt::Key_L }, &GalleryPage::moreLike);
    m_actions.byMeaning = addSwitch(tr("Search &by Meaning"), "meaning", Qt::Key_B);
    m_actions.byMeaning->setToolTip(tr("Search for what the pictures show (B)"));
    connect(m_actions.byMeaning, &QAction::toggled, this, &GalleryPage::setSearchMode);
    m_actions.fold = addSwitch(tr("Fold &Near-Duplicates"), "fold", Qt::Key_D);
    m_actions.fold->setToolTip(tr("Show pictures that are nearly the same once (D)"));
    connect(m_actions.fold, &QAction::toggled, this, &GalleryPage::query);
    m_actions.recallAll->setIconText(tr("Use All"));
    m_actions.copyText->setIconText(tr("Copy"));
    m_grid->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_grid->addActions({ m_actions.open, m_actions.compare, m_actions.moreLike, m_actions.star, m_actions.tag,
                         m_actions.recallAll, m_actions.recallPrompt, m_actions.recallSeed, m_actions.copy,
                         m_actions.copyText, m_actions.showInFolder, m_actions.edit, m_actions.verify,
                         m_actions.exportSelection, m_actions.remove });
    m_actions.moreLike->setIconText(tr("More Like This"));
    for (QAction* action :
         { m_actions.recallAll, m_actions.moreLike, m_actions.edit, m_actions.verify, m_actions.copyText })
        m_details->addAction(action);
    for (QAction* action : { m_actions.compare, m_actions.star, m_actions.remove })
        m_viewer->addToolAction(action);
}

void GalleryPage::enableActions()
{
    const GalleryEntry* entry = current();
    const bool any = !chosen().isEmpty();
    for (QAction* action :
         { m_actions.open, m_actions.moreLike, m_actions.recallAll, m_actions.recallPrompt,
           m_actions.recallSeed, m_actions.copy, m_actions.copyText, m_actions.showInFolder, m_actions.edit })
        action->setEnabled(entry);
    m_actions.verify->setEnabled(entry && entry->tool == QLatin1String("Reverie"));
    for (QAction* action : { m_actions.star, m_actions.tag, m_actions.remove })
        action->setEnabled(any);
    m_actions.compare->setEnabled(any);
    m_actions.swap->setEnabled(m_viewer->isComparing());
    m_actions.exportSelection->setEnabled(m_model->rowCount() > 0);
}

void GalleryPage::openViewer()
{
    if (isViewing()) {
        closeViewer();
        return;
    }
    const GalleryEntry* entry = current();
    if (!entry)
        return;
    m_viewer->endComparing();
    m_viewer->show(*entry);
    m_stack->setCurrentWidget(m_viewer);
    m_viewer->canvas().setFocus();
    enableActions();
}

void GalleryPage::closeViewer()
{
    m_viewer->endComparing();
    m_stack->setCurrentIndex(0);
    m_grid->scrollTo(m_grid->currentIndex());
    m_grid->setFocus();
    enableActions();
}

void GalleryPage::step(int by)
{
    const int row = m_grid->currentIndex().row() + by;
    if (row < 0 || row >= m_model->rowCount())
        return;
    m_viewer->endComparing();
    m_grid->selectionModel()->setCurrentIndex(m_model->index(row), QItemSelectionModel::ClearAndSelect);
    showCurrent();
}

/// The two chosen pictures, or the current one and the one after it.
void GalleryPage::compare()
{
    if (m_viewer->isComparing()) {
        m_viewer->nextCompareMode();
        return;
    }
    QList<int> rows = m_grid->selectedRows();
    if (rows.size() < 2)
        rows = { m_grid->currentIndex().row(), m_grid->currentIndex().row() + 1 };
    const GalleryEntry* first = m_model->entryAt(rows[0]);
    const GalleryEntry* second = m_model->entryAt(rows[1]);
    if (!first || !second) {
        m_message->showNote(tr("Choose two pictures to compare."));
        return;
    }
    m_viewer->show(*first);
    m_viewer->compareWith(*second);
    m_stack->setCurrentWidget(m_viewer);
    m_viewer->canvas().setFocus();
    enableActions();
}

void GalleryPage::swapCompared()
{
    m_viewer->swapCompared();
}

void GalleryPage::star()
{
    const GalleryEntry* entry = current();
    m_store.star(chosen(), !entry || !entry->starred);
}

void GalleryPage::rate(int rating)
{
    if (const auto ids = chosen(); !ids.isEmpty())
        m_store.rate(ids, rating);
}

void GalleryPage::tag()
{
    m_details->setVisible(true);
    m_details->focusTags();
}

void GalleryPage::recall(Recall what)
{
    const GalleryEntry* entry = current();
    if (!entry)
        return;
    m_reading.start(
        [path = entry->path](const std::stop_token&, const JobRunner::Post&) {
            QFile file(path);
            const QByteArray bytes = file.open(QFile::ReadOnly) ? file.readAll() : QByteArray();
            return read_metadata({ bytes.constData(), static_cast<std::size_t>(bytes.size()) });
        },
        [this, what, path = entry->path](const PictureMetadata& metadata) {
            if (metadata.tool.empty())
                m_message->showNote(
                    tr("%1 says nothing about how it was made.").arg(QFileInfo(path).fileName()));
            else
                Q_EMIT recalled(metadata, what, path);
        },
        [this](const QString& text) { m_message->showError(text); });
}

void GalleryPage::copy()
{
    const GalleryEntry* entry = current();
    if (!entry)
        return;
    QModelIndexList indexes;
    for (const int row : isViewing() ? QList<int>{ m_grid->currentIndex().row() } : m_grid->selectedRows())
        indexes << m_model->index(row);
    QMimeData* data = m_model->mimeData(indexes);
    if (indexes.size() == 1)
        data->setImageData(readPicture(entry->path));
    QGuiApplication::clipboard()->setMimeData(data);
}

void GalleryPage::copyText()
{
    if (current())
        QGuiApplication::clipboard()->setText(m_details->text());
}

void GalleryPage::showInFolder()
{
    if (const GalleryEntry* entry = current())
        QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(entry->path).absolutePath()));
}

void GalleryPage::edit()
{
    if (const GalleryEntry* entry = current())
        Q_EMIT editWanted(entry->path, entry->prompt);
}

void GalleryPage::verify()
{
    if (const GalleryEntry* entry = current())
        Q_EMIT verifyWanted(entry->path);
}

void GalleryPage::exportSelection()
{
    QList<qint64> ids = chosen();
    if (ids.size() < 2 && !isViewing())
        ids = ids.isEmpty() ? m_model->ids() : ids;
    auto* dialog = new ExportDialog(m_store, ids, m_model->ids(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ExportDialog::exported, this,
            [this](const QString& path) { m_message->showNote(tr("Exported to %1.").arg(path)); });
    dialog->open();
}

void GalleryPage::remove()
{
    const QList<qint64> ids = chosen();
    if (ids.isEmpty())
        return;
    const int next = m_grid->currentIndex().row();
    m_store.trash(ids);
    if (isViewing())
        step(next + 1 < m_model->rowCount() ? 1 : -1);
}

void GalleryPage::undo()
{
    m_message->dismiss();
    m_actions.undo->setEnabled(false);
    m_store.restore(std::exchange(m_trashed, {}));
}

void GalleryPage::toggleDetails()
{
    m_details->setVisible(m_details->isHidden());
}

void GalleryPage::focusSearch()
{
    if (isViewing())
        closeViewer();
    m_search->setFocus();
    m_search->selectAll();
}

void GalleryPage::addFolder()
{
    auto* dialog = new QFileDialog(this, tr("Add a folder of pictures"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString& folder) { m_store.add({ folder }); });
    dialog->open();
}

} // namespace reverie::ui
