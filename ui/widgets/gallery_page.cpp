// SPDX-License-Identifier: MIT
#include "ui/widgets/gallery_page.h"

#include "ui/session/gallery_model.h"
#include "ui/widgets/gallery_details.h"
#include "ui/widgets/gallery_grid.h"
#include "ui/widgets/gallery_sidebar.h"
#include "ui/widgets/icon_label.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/viewer.h"

#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int query_delay_ms = 80;

QString picturesText(int count)
{
    return count == 1 ? GalleryPage::tr("1 picture")
                      : GalleryPage::tr("%1 pictures").arg(QLocale().toString(count));
}

QToolButton* toolButton(QAction* action)
{
    auto* button = new QToolButton;
    button->setDefaultAction(action);
    button->setIconSize({ 18, 18 });
    button->setAccessibleName(action->iconText());
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

} // namespace

GalleryPage::GalleryPage(GalleryStore& store, GalleryMeaning* meaning, QWidget* parent)
    : QWidget(parent)
    , m_store(store)
    , m_meaning(meaning)
    , m_model(new GalleryModel(store, this))
    , m_sidebar(new GallerySidebar)
    , m_search(new QLineEdit)
    , m_sort(new QComboBox)
    , m_size(new QSlider(Qt::Horizontal))
    , m_alikeChip(new QPushButton)
    , m_message(new MessageBar)
    , m_stack(new QStackedWidget)
    , m_grid(new GalleryGrid(m_thumbnails))
    , m_empty(new QWidget)
    , m_emptyText(new QLabel)
    , m_viewer(new Viewer)
    , m_count(new QLabel)
    , m_details(new GalleryDetails)
{
    m_readers.setMaxThreadCount(1);
    m_querySoon.setSingleShot(true);
    m_querySoon.setInterval(query_delay_ms);
    m_grid->setModel(m_model);
    makeActions();
    auto* splitter = new QSplitter;
    splitter->addWidget(m_sidebar);
    splitter->addWidget(makeCentre());
    splitter->addWidget(m_details);
    splitter->setStretchFactor(1, 1);
    splitter->setHandleWidth(1);
    splitter->setChildrenCollapsible(false);
    splitter->setSizes({ 208, 800, 272 });
    m_sidebar->setMinimumWidth(176);
    m_details->setMinimumWidth(208);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(splitter);
    connectStore();
    connectPanels();
    connectMeaning();
    showCount();
    enableActions();
}

GalleryPage::~GalleryPage()
{
    m_reading.silence();
    m_readers.waitForDone();
}

QWidget* GalleryPage::makeTop()
{
    auto* top = new QWidget;
    auto* layout = new QHBoxLayout(top);
    layout->setContentsMargins(16, 10, 12, 10);
    layout->setSpacing(8);
    m_search->setAccessibleName(tr("Search"));
    m_search->setToolTip(
        tr("Also model:, tag:, board:, kind:, tool:, seed:, size:, rating:, starred:yes and\n"
           "date:2026-11-01..2026-11-25; values with blanks in double quotes."));
    m_search->setClearButtonEnabled(true);
    m_search->addAction(Theme::icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    layout->addWidget(m_search, 1);
    m_alikeChip->setText(tr("Like one picture"));
    m_alikeChip->setObjectName(QStringLiteral("alikeChip"));
    m_alikeChip->setProperty("chip", true);
    m_alikeChip->hide();
    layout->addWidget(m_alikeChip);
    for (QAction* action : { m_actions.byMeaning, m_actions.fold })
        layout->addWidget(toolButton(action));
    m_sort->setAccessibleName(tr("Order"));
    for (const auto& [name, sort] : { std::pair{ tr("Newest first"), GallerySort::Newest },
                                      { tr("Oldest first"), GallerySort::Oldest },
                                      { tr("Best first"), GallerySort::BestRated },
                                      { tr("By prompt"), GallerySort::Prompt },
                                      { tr("By seed"), GallerySort::Seed },
                                      { tr("Largest first"), GallerySort::Largest } })
        m_sort->addItem(name, static_cast<int>(sort));
    layout->addWidget(m_sort);
    m_size->setRange(GalleryGrid::smallestCell, GalleryGrid::largestCell);
    m_size->setValue(m_grid->cell());
    m_size->setFixedWidth(96);
    m_size->setAccessibleName(tr("Size of the pictures"));
    m_size->setToolTip(m_size->accessibleName());
    layout->addWidget(m_size);
    for (QAction* action : { m_actions.exportSelection, m_actions.addFolder })
        layout->addWidget(toolButton(action));
    return top;
}

QWidget* GalleryPage::makeCentre()
{
    auto* empty = new QVBoxLayout(m_empty);
    empty->setSpacing(12);
    m_emptyText->setProperty("muted", true);
    m_emptyText->setAlignment(Qt::AlignCenter);
    m_emptyText->setWordWrap(true);
    empty->addStretch(2);
    empty->addWidget(new IconLabel(QStringLiteral("pictures"), 40), 0, Qt::AlignHCenter);
    empty->addWidget(m_emptyText);
    empty->addStretch(3);
    m_count->setProperty("muted", true);
    m_count->setContentsMargins(16, 4, 16, 6);
    auto* browse = new QWidget;
    auto* column = new QVBoxLayout(browse);
    column->setContentsMargins({});
    column->setSpacing(0);
    column->addWidget(makeTop());
    column->addWidget(m_grid, 1);
    column->addWidget(m_empty, 1);
    column->addWidget(m_count);
    m_stack->addWidget(browse);
    m_stack->addWidget(m_viewer);
    auto* centre = new QFrame;
    centre->setObjectName(QStringLiteral("canvas"));
    auto* layout = new QVBoxLayout(centre);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    layout->addWidget(m_message);
    layout->addWidget(m_stack, 1);
    return centre;
}

void GalleryPage::connectStore()
{
    connect(&m_store, &GalleryStore::changed, this, [this] {
        m_lineageOf = 0;
        refreshFacets();
    });
    connect(&m_store, &GalleryStore::failed, m_message,
            [this](const QString& text) { m_message->showError(text); });
    connect(&m_store, &GalleryStore::warned, m_message, &MessageBar::showNote);
    connect(&m_store, &GalleryStore::indexing, this, [this](int done, int of) {
        m_looking = true;
        m_count->setText(
            tr("Reading pictures: %1 of %2").arg(QLocale().toString(done), QLocale().toString(of)));
    });
    connect(&m_store, &GalleryStore::indexed, this, [this] {
        m_looking = false;
        showCount();
    });
    connect(&m_store, &GalleryStore::trashed, this, [this](const QList<TrashedPicture>& pictures) {
        m_trashed = pictures;
        m_actions.undo->setEnabled(true);
        m_message->showOffer(
            tr("Moved to the trash: %1.").arg(picturesText(static_cast<int>(pictures.size()))),
            { m_actions.undo });
    });
}

void GalleryPage::connectPanels()
{
    connect(m_search, &QLineEdit::textChanged, &m_querySoon, qOverload<>(&QTimer::start));
    connect(m_search, &QLineEdit::returnPressed, m_grid, qOverload<>(&QWidget::setFocus));
    connect(&m_querySoon, &QTimer::timeout, this, &GalleryPage::query);
    connect(m_sort, &QComboBox::currentIndexChanged, this, &GalleryPage::query);
    connect(m_size, &QSlider::valueChanged, m_grid, &GalleryGrid::setCell);
    connect(m_sidebar, &GallerySidebar::changed, this, &GalleryPage::query);
    connect(m_sidebar, &GallerySidebar::boardWanted, &m_store, &GalleryStore::addBoard);
    connect(m_sidebar, &GallerySidebar::boardRemovalWanted, &m_store, &GalleryStore::removeBoard);
    connect(m_sidebar, &GallerySidebar::dropped, &m_store,
            [this](const QList<qint64>& ids, const QString& board) { m_store.board(ids, board, true); });
    connect(m_model, &GalleryModel::found, this, [this] {
        showCount();
        goToWanted();
        showCurrent();
    });
    connect(m_model, &QAbstractItemModel::dataChanged, this, &GalleryPage::showCurrent);
    connect(m_grid->selectionModel(), &QItemSelectionModel::currentChanged, this, &GalleryPage::showCurrent);
    connect(m_grid->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        showCount();
        showCurrent();
    });
    connect(m_grid, &QAbstractItemView::activated, this, &GalleryPage::openViewer);
    connect(m_viewer, &Viewer::closeWanted, this, &GalleryPage::closeViewer);
    connect(m_viewer, &Viewer::stepWanted, this, &GalleryPage::step);
    connect(m_viewer, &Viewer::failed, this, [this](const QString& text) { m_message->showError(text); });
    connect(m_details, &GalleryDetails::tagWanted, this,
            [this](const QString& tag, bool set) { m_store.tag(chosen(), tag, set); });
}

void GalleryPage::activate()
{
    if (!m_active) {
        m_active = true;
        query();
        refreshFacets();
        m_store.lookForChanges();
    }
    isViewing() ? m_viewer->canvas().setFocus() : m_grid->setFocus();
}

void GalleryPage::refreshFacets()
{
    m_store.ask(
        this, [](Gallery& gallery) { return gallery.facets(); },
        [this](const GalleryFacets& facets) {
            m_facets = facets;
            m_sidebar->setFacets(facets);
            showCount();
        });
}

void GalleryPage::showCount()
{
    const int shown = m_model->rowCount(), all = m_facets.pictures;
    const int selected = static_cast<int>(m_grid->selectedRows().size());
    m_grid->setVisible(shown > 0);
    m_empty->setVisible(shown == 0);
    m_emptyText->setText(
        all > 0 ? tr("No picture is like that. Take a word or a filter away.")
                : tr("Pictures you draw line up here.\nYou can also add folders of pictures from "
                     "other programs."));
    if (m_looking)
        return;
    const QLocale locale;
    QString text = shown == all ? picturesText(shown)
                                : tr("%1 of %2 pictures").arg(locale.toString(shown), locale.toString(all));
    if (selected > 1)
        text += tr(", %1 chosen").arg(locale.toString(selected));
    if (m_meaning && m_meaning->unplaced() > 0)
        text += tr(", %1 still to be looked at").arg(locale.toString(m_meaning->unplaced()));
    m_count->setText(text);
}

const GalleryEntry* GalleryPage::current() const
{
    const QModelIndex index = m_grid->currentIndex();
    return index.isValid() ? m_model->entryAt(index.row()) : nullptr;
}

QList<qint64> GalleryPage::chosen() const
{
    if (isViewing())
        return { m_viewer->entry().id };
    QList<qint64> ids;
    for (const int row : m_grid->selectedRows())
        ids << m_model->idAt(row);
    return ids;
}

bool GalleryPage::isViewing() const
{
    return m_stack->currentWidget() == m_viewer;
}

void GalleryPage::showCurrent()
{
    const GalleryEntry* entry = current();
    const int selected = static_cast<int>(m_grid->selectedRows().size());
    const GalleryEntry* shown = selected > 0 || isViewing() ? entry : nullptr;
    m_details->show(shown, selected);
    showLineage(shown);
    if (entry && isViewing() && !m_viewer->isComparing())
        m_viewer->show(*entry);
    if (isViewing() && m_model->rowCount() == 0)
        closeViewer();
    enableActions();
}

bool GalleryPage::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool escape = key->key() == Qt::Key_Escape
            && (isViewing() || !m_search->text().isEmpty() || !m_alike.of.isEmpty());
        if (escape || key->matches(QKeySequence::Copy)) {
            event->accept();
            return true;
        }
    }
    return QWidget::event(event);
}

void GalleryPage::keyPressEvent(QKeyEvent* event)
{
    const int key = event->key();
    if (event->matches(QKeySequence::Copy))
        copy();
    else if (key == Qt::Key_Escape && isViewing())
        m_viewer->isComparing() ? m_viewer->endComparing() : closeViewer();
    else if (key == Qt::Key_Escape && !m_alike.of.isEmpty())
        endAlike();
    else if (key == Qt::Key_Escape && !m_search->text().isEmpty())
        m_search->clear();
    else if (isViewing() && (key == Qt::Key_Left || key == Qt::Key_Up))
        step(-1);
    else if (isViewing() && (key == Qt::Key_Right || key == Qt::Key_Down || key == Qt::Key_Space))
        step(1);
    else
        QWidget::keyPressEvent(event);
}

} // namespace reverie::ui
