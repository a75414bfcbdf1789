// SPDX-License-Identifier: MIT
#include "ui/session/gallery_model.h"
#include "ui/widgets/gallery_details.h"
#include "ui/widgets/gallery_grid.h"
#include "ui/widgets/gallery_page.h"
#include "ui/widgets/gallery_sidebar.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/viewer.h"

#include "core/base/error.h"

#include <QAction>
#include <QComboBox>
#include <QFileInfo>
#include <QItemSelectionModel>
#include <QLineEdit>
#include <QPushButton>

#include <utility>

// Which pictures the page shows: by words, by meaning, by descent.
namespace reverie::ui {

void GalleryPage::connectMeaning()
{
    setSearchMode();
    connect(m_alikeChip, &QPushButton::clicked, this, &GalleryPage::endAlike);
    connect(m_details, &GalleryDetails::pictureWanted, this, &GalleryPage::goTo);
    for (QAction* action : { m_actions.byMeaning, m_actions.moreLike, m_actions.fold })
        action->setVisible(m_meaning);
    if (!m_meaning)
        return;
    connect(m_meaning, &GalleryMeaning::located, this, &GalleryPage::takePoint);
    connect(m_meaning, &GalleryMeaning::failed, m_message,
            [this](const QString& text) { m_message->showError(text); });
    connect(m_meaning, &GalleryMeaning::progressed, this, [this] {
        if (m_alike.model != m_meaning->model() && !m_meaning->model().isEmpty())
            endAlike(); // another model has another space
        if (!m_model->query().point.empty() || m_actions.fold->isChecked())
            m_querySoon.start();
        showCount();
    });
}

void GalleryPage::query()
{
    try {
        GalleryQuery query = GalleryQuery::parse(m_search->text());
        m_sidebar->apply(query);
        if (query.sort == GallerySort::Newest)
            query.sort = static_cast<GallerySort>(m_sort->currentData().toInt());
        m_message->dismiss();
        query.fold = m_actions.fold->isChecked();
        query.placedBy = m_meaning ? m_meaning->model() : QString();
        if (!m_alike.of.isEmpty()) {
            query.point = m_alike.point;
        } else if (m_actions.byMeaning->isChecked() && !query.text.isEmpty()) {
            if (m_text.of != query.text || m_text.model != query.placedBy) {
                m_text = { query.text, {}, {} };
                m_locating.clear();
                m_meaning->locate(query.text);
                return; // takePoint() goes on
            }
            query.point = m_text.point;
            query.text.clear();
        }
        m_sort->setEnabled(query.point.empty());
        m_model->setQuery(query);
    } catch (const Error& error) {
        m_message->showNote(QString::fromUtf8(error.what()));
    }
}

void GalleryPage::takePoint(const Embedding& point)
{
    if (!m_locating.isEmpty()) {
        showAlike(std::exchange(m_locating, {}), point);
        return;
    }
    m_text.model = m_meaning->model();
    m_text.point = point;
    query();
}

void GalleryPage::setSearchMode()
{
    const bool meaning = m_actions.byMeaning->isChecked();
    m_search->setPlaceholderText(meaning ? tr("Say what the pictures show")
                                         : tr("Search prompts, tags and models"));
    m_text = {};
    if (!m_active)
        return;
    if (meaning)
        focusSearch();
    if (!m_search->text().isEmpty())
        query();
}

void GalleryPage::moreLike()
{
    const GalleryEntry* entry = current();
    if (!entry || !m_meaning)
        return;
    m_store.ask(
        this,
        [model = m_meaning->model(), entry = *entry](Gallery& gallery) {
            return model.isEmpty() ? Embedding() : gallery.pointOf(model, entry);
        },
        [this, entry = *entry](const Embedding& point) {
            const QString name = QFileInfo(entry.path).fileName();
            if (!point.empty()) {
                showAlike(name, point);
                return;
            }
            m_locating = name;
            m_meaning->locate(entry);
        });
}

void GalleryPage::showAlike(const QString& name, const Embedding& point)
{
    if (isViewing())
        closeViewer();
    m_alike = { name, m_meaning->model(), point };
    const QString shortName = m_alikeChip->fontMetrics().elidedText(name, Qt::ElideMiddle, 160);
    m_alikeChip->setText(
        tr("Like %1  ×").arg(QString(shortName).replace(QLatin1Char('&'), QLatin1String("&&"))));
    m_alikeChip->setAccessibleName(tr("Pictures like %1; press to show all again").arg(name));
    m_alikeChip->setToolTip(m_alikeChip->accessibleName());
    m_alikeChip->show();
    query();
}

void GalleryPage::endAlike()
{
    if (m_alike.of.isEmpty())
        return;
    m_alike = {};
    if (m_alikeChip->hasFocus())
        m_grid->setFocus();
    m_alikeChip->hide();
    query();
}

/// Asks for the relatives of the current picture once.
void GalleryPage::showLineage(const GalleryEntry* entry)
{
    if (!entry || entry->id == m_lineageOf)
        return;
    m_lineageOf = entry->id;
    m_store.ask(
        this, [entry = *entry](Gallery& gallery) { return gallery.lineage(entry); },
        [this, entry = *entry](const Lineage& lineage) {
            if (m_lineageOf == entry.id)
                m_details->showLineage(entry.parents, lineage);
        });
}

/// Takes away whatever hides the picture.
void GalleryPage::goTo(qint64 id)
{
    m_wanted = id;
    if (m_model->rowOf(id) >= 0) {
        goToWanted();
        return;
    }
    const QSignalBlocker quietSearch(m_search), quietSidebar(m_sidebar), quietFold(m_actions.fold);
    m_search->clear();
    m_sidebar->reset();
    m_actions.fold->setChecked(false);
    m_alike = {};
    m_alikeChip->hide();
    query();
}

void GalleryPage::goToWanted()
{
    const int row = m_wanted > 0 ? m_model->rowOf(m_wanted) : -1;
    if (row < 0)
        return;
    m_wanted = 0;
    m_viewer->endComparing();
    const QModelIndex index = m_model->index(row);
    m_grid->selectionModel()->setCurrentIndex(index, QItemSelectionModel::ClearAndSelect);
    m_grid->scrollTo(index);
    isViewing() ? m_viewer->canvas().setFocus() : m_grid->setFocus();
    showCurrent();
}

} // namespace reverie::ui
