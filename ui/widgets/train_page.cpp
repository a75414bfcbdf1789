// SPDX-License-Identifier: MIT
#include "ui/widgets/train_page.h"

#include "ui/widgets/icon_label.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/run_header.h"
#include "ui/widgets/run_list_delegate.h"
#include "ui/widgets/run_view.h"
#include "ui/widgets/theme.h"

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QListView>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace reverie::ui {

TrainPage::TrainPage(RunStore& store, QWidget* parent)
    : QWidget(parent)
    , m_store(store)
    , m_list(new QListView)
    , m_count(new QLabel)
    , m_message(new MessageBar)
    , m_stack(new QStackedWidget)
    , m_header(new RunHeader)
    , m_view(new RunView)
    , m_checkpointMenu(new QMenu(this))
    , m_folderMenu(new QMenu(this))
    , m_dialogThreads(std::make_unique<NewRunDialog::Threads>())
{
    m_readers.setMaxThreadCount(1);
    makeActions();
    auto* centre = new QFrame;
    centre->setObjectName(QStringLiteral("canvas"));
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins({});
    column->setSpacing(0);
    column->addWidget(m_message);
    column->addWidget(m_stack, 1);
    m_stack->addWidget(makeEmpty());
    m_stack->addWidget(makeRun());
    auto* splitter = new QSplitter;
    splitter->addWidget(makeSidebar());
    splitter->addWidget(centre);
    splitter->setStretchFactor(1, 1);
    splitter->setHandleWidth(1);
    splitter->setChildrenCollapsible(false);
    splitter->setSizes({ 264, 900 });
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(splitter);
    connectStore();
    connectView();
    showList();
    enableActions();
}

TrainPage::~TrainPage()
{
    m_reading.silence();
    m_readingCheckpoints.silence();
    m_readers.waitForDone();
}

/// A letter chooses in a combo box or a table that has the focus, instead of stopping the run.
bool TrainPage::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const QWidget* focus = QApplication::focusWidget();
        const bool isSearched = qobject_cast<const QComboBox*>(focus)
            || qobject_cast<const QTableView*>(focus) || qobject_cast<const QPlainTextEdit*>(focus);
        if (isSearched && !key->text().isEmpty() && (key->modifiers() & ~Qt::ShiftModifier) == 0) {
            event->accept();
            return true;
        }
    }
    return QWidget::event(event);
}

QWidget* TrainPage::makeSidebar()
{
    auto* sidebar = new QFrame;
    sidebar->setObjectName(QStringLiteral("parameterPanel"));
    sidebar->setMinimumWidth(200);
    auto* start = new QPushButton(m_actions.newRun->text());
    start->setObjectName(QStringLiteral("newRunButton"));
    start->setProperty("primary", true);
    connect(start, &QPushButton::clicked, m_actions.newRun, &QAction::trigger);
    m_list->setObjectName(QStringLiteral("runList"));
    m_list->setAccessibleName(tr("Training runs"));
    m_list->setModel(&m_store.model());
    m_list->setItemDelegate(new RunListDelegate(m_list));
    m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setMouseTracking(true);
    m_list->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_list->addActions({ m_actions.pause, m_actions.stop, m_actions.duplicate, m_actions.thin,
                         m_actions.showInFolder, m_actions.remove });
    m_count->setObjectName(QStringLiteral("runCount"));
    m_count->setProperty("muted", true);
    auto* folders = new QToolButton;
    folders->setObjectName(QStringLiteral("runFolders"));
    folders->setIcon(Theme::icon(QStringLiteral("folder")));
    folders->setIconSize({ 18, 18 });
    folders->setToolTip(tr("Folders whose runs are listed"));
    folders->setAccessibleName(folders->toolTip());
    folders->setFocusPolicy(Qt::StrongFocus);
    folders->setPopupMode(QToolButton::InstantPopup);
    folders->setMenu(m_folderMenu);
    connect(m_folderMenu, &QMenu::aboutToShow, this, &TrainPage::fillFolderMenu);
    auto* bottom = new QHBoxLayout;
    bottom->addWidget(m_count, 1);
    bottom->addWidget(folders);
    auto* layout = new QVBoxLayout(sidebar);
    layout->setContentsMargins(10, 14, 10, 8);
    layout->setSpacing(10);
    layout->addWidget(start);
    layout->addWidget(m_list, 1);
    layout->addLayout(bottom);
    return sidebar;
}

QWidget* TrainPage::makeEmpty()
{
    auto* headline = new QLabel(tr("Nothing has been trained yet"));
    headline->setObjectName(QStringLiteral("headline"));
    auto* text = new QLabel(tr("Teach a model from your own pictures, or from emoji to see how it goes.\n"
                               "A run goes on by itself: you may close this window and come back."));
    text->setProperty("muted", true);
    for (QLabel* label : { headline, text }) {
        label->setAlignment(Qt::AlignCenter);
        label->setWordWrap(true);
    }
    auto* start = new QPushButton(m_actions.newRun->text());
    start->setObjectName(QStringLiteral("firstRunButton"));
    start->setProperty("tall", true);
    connect(start, &QPushButton::clicked, m_actions.newRun, &QAction::trigger);
    auto* folder = new QPushButton(m_actions.addFolder->text());
    folder->setObjectName(QStringLiteral("firstFolderButton"));
    folder->setProperty("tall", true);
    connect(folder, &QPushButton::clicked, m_actions.addFolder, &QAction::trigger);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch();
    buttons->addWidget(start);
    buttons->addWidget(folder);
    buttons->addStretch();
    auto* empty = new QWidget;
    auto* layout = new QVBoxLayout(empty);
    layout->setContentsMargins(32, 24, 32, 24);
    layout->setSpacing(12);
    layout->addStretch(2);
    layout->addWidget(new IconLabel(QStringLiteral("model"), 40), 0, Qt::AlignHCenter);
    layout->addWidget(headline);
    layout->addWidget(text);
    layout->addSpacing(8);
    layout->addLayout(buttons);
    layout->addStretch(3);
    return empty;
}

QWidget* TrainPage::makeRun()
{
    for (QAction* action :
         { m_actions.pause, m_actions.stop, m_actions.checkpoint, m_actions.sample, m_actions.rate })
        m_header->addButton(action);
    auto* checkpoints = new QAction(tr("Checkpoints"), this);
    checkpoints->setObjectName(QStringLiteral("runCheckpoints"));
    checkpoints->setMenu(m_checkpointMenu);
    m_header->addButton(checkpoints)->setPopupMode(QToolButton::InstantPopup);
    auto* more = new QAction(tr("More"), this);
    more->setObjectName(QStringLiteral("runMore"));
    auto* menu = new QMenu(this);
    menu->addActions({ m_actions.duplicate, m_actions.thin, m_actions.showInFolder });
    menu->addSeparator();
    menu->addAction(m_actions.remove);
    more->setMenu(menu);
    m_header->addButton(more)->setPopupMode(QToolButton::InstantPopup);
    auto* run = new QWidget;
    auto* layout = new QVBoxLayout(run);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    layout->addWidget(m_header);
    layout->addWidget(m_view, 1);
    return run;
}

void TrainPage::connectStore()
{
    connect(&m_store, &RunStore::changed, this, &TrainPage::showList);
    connect(&m_store, &RunStore::failed, m_message,
            [this](const QString& text) { m_message->showError(text); });
    connect(&m_store, &RunStore::launched, this, [this](const QString& folder) {
        m_message->dismiss();
        m_toChoose = folder;
    });
    connect(&m_store, &RunStore::answered, this,
            [this](const QString& folder, bool ok, const QString& sentence) {
                const QString text = QFileInfo(folder).fileName() + QStringLiteral(": ") + sentence;
                ok ? m_message->showNote(text) : m_message->showError(text);
            });
    connect(&m_store, &RunStore::trashed, this, [this](const QList<TrashedRun>& runs) {
        m_trashed = runs;
        m_actions.undo->setEnabled(!runs.isEmpty());
        if (runs.size() == 1)
            m_message->showOffer(tr("%1 is in the trash.").arg(QFileInfo(runs[0].folder).fileName()),
                                 { m_actions.undo });
        else if (!runs.isEmpty())
            m_message->showOffer(tr("%1 runs are in the trash.").arg(runs.size()), { m_actions.undo });
    });
    connect(&m_store, &RunStore::thinningPlanned, this, &TrainPage::askToThin);
    connect(&m_store, &RunStore::thinned, this, [this](const QString& folder) {
        m_message->showNote(
            tr("%1 keeps its newest and its best checkpoints.").arg(QFileInfo(folder).fileName()));
    });
}

void TrainPage::connectView()
{
    connect(m_list->selectionModel(), &QItemSelectionModel::selectionChanged, this, &TrainPage::showChosen);
    connect(m_view, &RunView::openCheckpointWanted, this, &TrainPage::modelWanted);
}

void TrainPage::activate()
{
    m_store.watch();
    m_list->setFocus();
}

QStringList TrainPage::chosen() const
{
    QList<int> rows;
    for (const QModelIndex& index : m_list->selectionModel()->selectedRows())
        rows << index.row();
    std::sort(rows.begin(), rows.end());
    QStringList folders;
    for (const int row : rows)
        folders << m_store.model().entryAt(row)->path;
    return folders;
}

const RunEntry* TrainPage::current() const
{
    const QStringList folders = chosen();
    return folders.size() == 1 ? m_store.model().entry(folders[0]) : nullptr;
}

/// After the list was read.
void TrainPage::showList()
{
    const RunModel& model = m_store.model();
    const int runs = model.rowCount();
    m_stack->setCurrentIndex(runs > 0 ? 1 : 0);
    qint64 bytes = 0;
    for (const RunEntry& run : model.entries())
        bytes += std::max<qint64>(0, run.bytes);
    m_count->setText(runs == 0       ? QString()
                         : runs == 1 ? tr("1 run, %1").arg(sizeText(bytes))
                                     : tr("%1 runs, %2").arg(runs).arg(sizeText(bytes)));
    const int wanted = model.rowOf(m_toChoose);
    if (wanted >= 0)
        m_toChoose.clear();
    if (wanted >= 0 || (chosen().isEmpty() && runs > 0))
        m_list->selectionModel()->setCurrentIndex(model.index(std::max(0, wanted)),
                                                  QItemSelectionModel::ClearAndSelect);
    showCurrent();
}

/// After another run was chosen.
void TrainPage::showChosen()
{
    const QStringList folders = chosen();
    if (folders != m_shown && !folders.isEmpty()) {
        m_shown = folders;
        m_checkpoints.clear();
        folders.size() == 1 ? m_view->showRun(folders[0]) : m_view->compareRuns(folders);
    }
    showCurrent();
}

void TrainPage::showCurrent()
{
    if (const RunEntry* run = current()) {
        m_header->show(*run);
        readCheckpoints();
    } else if (chosen().size() > 1) {
        m_header->showCompared(static_cast<int>(chosen().size()));
    }
    enableActions();
}

void TrainPage::readCheckpoints()
{
    m_readingCheckpoints.start(
        [folder = current()->path](const std::stop_token&, const JobRunner::Post&) {
            return checkpointsOf(folder);
        },
        [this](const std::vector<NamedCheckpoint>& checkpoints) {
            m_checkpoints = checkpoints;
            enableActions();
        },
        [](const QString&) {});
}

} // namespace reverie::ui
