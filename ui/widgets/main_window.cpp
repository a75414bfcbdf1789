// SPDX-License-Identifier: MIT
#include "ui/widgets/main_window.h"

#include "ui/session/draw_queue.h"
#include "ui/session/session.h"
#include "ui/session/settings.h"
#include "ui/widgets/announcer.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/gallery_page.h"
#include "ui/widgets/help_dialogs.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/models_page.h"
#include "ui/widgets/name_pattern_dialog.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/queue_panel.h"
#include "ui/widgets/shortcut_sheet.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/train_page.h"

#include <QAction>
#include <QActionGroup>
#include <QCloseEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QStackedWidget>
#include <QTabBar>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int save_delay_ms = 1000;

bool isModel(const QString& path)
{
    return path.endsWith(QLatin1String(".safetensors"), Qt::CaseInsensitive);
}

bool isPicture(const QString& path)
{
    const QString kind = QFileInfo(path).suffix().toLower();
    return QStringList{ QStringLiteral("png"), QStringLiteral("jpg"), QStringLiteral("jpeg"),
                        QStringLiteral("webp") }
        .contains(kind);
}

bool isPromptFile(const QString& path)
{
    return path.endsWith(QLatin1String(".txt"), Qt::CaseInsensitive);
}

/// The dropped file this program can open; empty if there is none.
QString openableFile(const QMimeData& data)
{
    for (const QUrl& url : data.urls()) {
        const QString path = url.toLocalFile();
        if (isModel(path) || isPicture(path) || isPromptFile(path))
            return path;
    }
    return {};
}

} // namespace

MainWindow::MainWindow(Session& session, GalleryStore* gallery, DrawQueue* queue, QWidget* parent)
    : QMainWindow(parent)
    , m_session(session)
    , m_pages(new QStackedWidget)
    , m_queue(queue ? queue : new DrawQueue(session, {}, this))
    , m_create(new CreatePage(session, *m_queue))
    , m_tabs(new QTabBar)
    , m_shortcuts(new Shortcuts(this))
    , m_announcer(new Announcer(*this, session))
    , m_modelToOpen(Settings::model())
{
    m_pages->addWidget(m_create);
    makeTabs();
    setAcceptDrops(true);
    makeMenus();
    registerKeys(tr("Create"), *m_create);
    QCoreApplication::instance()->installEventFilter(this);
    if (gallery)
        addGallery(*gallery);
    showTitle({});
    restoreState();
    m_create->parameters().promptBox().setFocus(); // not the tabs above it
    m_saveSoon.setSingleShot(true);
    m_saveSoon.setInterval(save_delay_ms);
    connect(&m_saveSoon, &QTimer::timeout, this, &MainWindow::saveState);
    connect(&m_create->parameters(), &ParameterPanel::changed, &m_saveSoon, qOverload<>(&QTimer::start));
    connect(m_create, &CreatePage::chooseModelWanted, this, &MainWindow::chooseModel);
    connect(m_create, &CreatePage::titleChanged, this, &MainWindow::showTitle);
    connect(&m_session, &Session::idle, this, &MainWindow::closeWhenIdle);
    connect(m_announcer, &Announcer::unseenChanged, this, [this](int count) {
        m_unseen = count;
        showTitle(m_title);
    });
}

void MainWindow::makeTabs()
{
    m_tabs->setObjectName(QStringLiteral("pageTabs"));
    m_tabs->setAccessibleName(tr("Pages"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_tabs->addTab(tr("Create"));
    m_tabs->hide();
    auto* centre = new QWidget;
    auto* layout = new QVBoxLayout(centre);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    layout->addWidget(m_tabs);
    layout->addWidget(m_pages, 1);
    setCentralWidget(centre);
    connect(m_tabs, &QTabBar::currentChanged, this, &MainWindow::showPage);
}

void MainWindow::addGallery(GalleryStore& store)
{
    auto* meaning = new GalleryMeaning(m_session, store, this);
    m_gallery = new GalleryPage(store, meaning);
    m_pages->addWidget(m_gallery);
    m_tabs->addTab(tr("Gallery"));
    m_tabs->show();
    makeGalleryMenu();
    connect(&m_session, &Session::pictureSaved, &store,
            [&store](const QString& path) { store.add({ path }); });
    connect(m_gallery, &GalleryPage::recalled, this,
            [this](const PictureMetadata& picture, Recall what, const QString& file) {
                showPage(0);
                m_create->recall(picture, what, file);
            });
    connect(m_gallery, &GalleryPage::editWanted, this, [this](const QString& path, const QString& prompt) {
        showPage(0);
        m_create->editPicture(path, prompt);
    });
    connect(m_gallery, &GalleryPage::verifyWanted, this, [this](const QString& path) {
        m_gallery->message().showNote(tr("Drawing %1 again…").arg(QFileInfo(path).fileName()));
        m_session.verify(path, m_create->parameters().draft().device);
    });
    connect(&m_session, &Session::verified, m_gallery, [this](const Verdict& verdict, const QString& path) {
        m_gallery->message().showNote(QFileInfo(path).fileName() + QStringLiteral(": ") + verdict.sentence());
    });
    connect(&m_session, &Session::verifyFailed, m_gallery,
            [this](const QString& text) { m_gallery->message().showError(text); });
}

void MainWindow::makeGalleryMenu()
{
    const GalleryPage::Actions& page = m_gallery->actions();
    auto* menu = new QMenu(tr("&Gallery"), this);
    menu->addActions({ page.open, page.compare, page.swap });
    menu->addSeparator();
    menu->addActions({ page.star, page.tag, page.remove, page.undo });
    menu->addSeparator();
    menu->addActions({ page.recallAll, page.recallPrompt, page.recallSeed, page.edit, page.verify });
    menu->addSeparator();
    menu->addActions({ page.copyText, page.showInFolder, page.exportSelection, page.addFolder });
    menu->addSeparator();
    menu->addActions({ page.search, page.byMeaning, page.moreLike, page.fold, page.details });
    menuBar()->insertMenu(menuBar()->actions().value(2), menu);
    QMenu* view = menuBar()->actions().value(3)->menu();
    addPageAction(*view, tr("&Create"), 0, Qt::Key_1);
    addPageAction(*view, tr("&Gallery"), 1, Qt::Key_2);
    registerKeys(tr("Gallery"), *m_gallery);
}

void MainWindow::addPageAction(QMenu& view, const QString& text, int page, Qt::Key digit)
{
    QAction* action = view.addAction(text, this, [this, page] { showPage(page); });
    const auto tell = [this, action, page] { m_tabs->setTabToolTip(page, keyText(*action)); };
    connect(action, &QAction::changed, m_tabs, tell);
    action->setShortcut(Qt::CTRL | digit);
}

/// Behind its menu, so that the menus' own actions come along.
void MainWindow::registerKeys(const QString& group, const QWidget& page)
{
    m_shortcuts->addPage(group, page);
    m_shortcuts->addMenus(tr("Everywhere"), *menuBar());
}

void MainWindow::addTraining(RunStore& runs)
{
    m_train = new TrainPage(runs);
    m_announcer->watch(runs);
    m_pages->addWidget(m_train);
    m_tabs->addTab(tr("Train"));
    m_tabs->show();
    makeTrainMenu();
    connect(m_train, &TrainPage::modelWanted, this, [this](const QString& path) {
        showPage(0);
        m_create->openModel(path);
    });
}

void MainWindow::makeTrainMenu()
{
    const TrainPage::Actions& page = m_train->actions();
    auto* menu = new QMenu(tr("&Train"), this);
    menu->setObjectName(QStringLiteral("trainMenu"));
    menu->addActions({ page.newRun, page.duplicate });
    menu->addSeparator();
    menu->addActions({ page.pause, page.stop, page.checkpoint, page.sample, page.rate });
    menu->addSeparator();
    menu->addActions({ page.thin, page.remove, page.undo });
    menu->addSeparator();
    menu->addActions({ page.showInFolder, page.addFolder });
    const auto menus = menuBar()->actions(); // View and Help come last
    menuBar()->insertMenu(menus.value(menus.size() - 2), menu);
    const int index = m_pages->indexOf(m_train);
    addPageAction(*menus.value(menus.size() - 2)->menu(), tr("&Train"), index, Qt::Key(Qt::Key_1 + index));
    registerKeys(tr("Train"), *m_train);
}

void MainWindow::addModels(ModelStore& models)
{
    m_models = new ModelsPage(models, m_session);
    m_pages->addWidget(m_models);
    m_tabs->addTab(tr("Models"));
    m_tabs->show();
    makeModelsMenu();
    connect(m_models, &ModelsPage::useWanted, m_create, &CreatePage::openModel);
}

void MainWindow::makeModelsMenu()
{
    const ModelsPage::Actions& page = m_models->actions();
    auto* menu = new QMenu(tr("&Models"), this);
    menu->setObjectName(QStringLiteral("modelsMenu"));
    menu->addActions({ page.use, page.install });
    menu->addSeparator();
    menu->addActions({ page.inspect, page.assemble });
    menu->addSeparator();
    menu->addActions({ page.showInFolder, page.rename, page.copyText, page.remove, page.undo });
    menu->addSeparator();
    menu->addAction(page.search);
    const auto menus = menuBar()->actions(); // View and Help come last
    QAction* view = menus.value(menus.size() - 2);
    menuBar()->insertMenu(view, menu);
    addPageAction(*view->menu(), tr("&Models"), m_pages->indexOf(m_models), Qt::Key_4);
    registerKeys(tr("Models"), *m_models);
}

void MainWindow::showPage(int index)
{
    m_tabs->setCurrentIndex(index);
    m_pages->setCurrentIndex(index);
    if (m_gallery && index == 1)
        m_gallery->activate();
    if (m_train)
        m_pages->currentWidget() == m_train ? m_train->activate() : m_train->rest();
    if (m_models && m_pages->currentWidget() == m_models)
        m_models->activate();
}

void MainWindow::makeMenus()
{
    const CreatePage::Actions& page = m_create->actions();
    QMenu* file = menuBar()->addMenu(tr("&File"));
    QAction* open = file->addAction(tr("Open &Model…"), QKeySequence::Open, this, &MainWindow::chooseModel);
    connect(&m_session, &Session::drawingChanged, open, &QAction::setDisabled);
    file->addAction(page.promptFile);
    file->addSeparator();
    file->addActions({ page.chooseFolder, page.openFolder });
    file->addAction(tr("&Names of Pictures…"), this, &MainWindow::chooseNames);
    QAction* notify = file->addAction(tr("No&tify When the Window Is Not in Front"));
    notify->setCheckable(true);
    notify->setChecked(Settings::notifications());
    connect(notify, &QAction::toggled, this, &Settings::setNotifications);
    file->addSeparator();
    file->addAction(tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);
    QMenu* edit = menuBar()->addMenu(tr("&Edit"));
    edit->addActions({ page.undo, page.redo });
    edit->addSeparator();
    edit->addActions({ page.draw, page.drawNext, page.grid, page.finishPicks, page.stop, page.showBoard,
                       page.history, page.reset });
    edit->addSeparator();
    edit->addActions({ page.copy, page.showInFolder });
    edit->addSeparator();
    edit->addActions({ m_create->queuePanel().actions().pause });
    edit->addSeparator();
    edit->addActions({ page.usePrompt, page.useSeed, page.useAll, page.mixIn });
    edit->addSeparator();
    edit->addActions({ page.edit, page.showEditor, page.drawOn, page.showStrip });
    makeAppearanceMenu();
    makeHelpMenu();
}

void MainWindow::makeAppearanceMenu()
{
    QMenu* appearance = menuBar()->addMenu(tr("&View"))->addMenu(tr("&Appearance"));
    auto* group = new QActionGroup(this);
    const auto add = [&](const QString& name, Appearance value) {
        QAction* action = appearance->addAction(name);
        action->setCheckable(true);
        action->setChecked(Settings::appearance() == value);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [value] {
            Settings::setAppearance(value);
            Theme::instance().apply(value);
        });
    };
    add(tr("Like the &System"), Appearance::System);
    add(tr("&Light"), Appearance::Light);
    add(tr("&Dark"), Appearance::Dark);
}

void MainWindow::makeHelpMenu()
{
    QMenu* help = menuBar()->addMenu(tr("&Help"));
    QAction* shortcuts = help->addAction(tr("&Keyboard Shortcuts"), this, [this] {
        auto* sheet = new ShortcutSheet(*m_shortcuts, this);
        sheet->setAttribute(Qt::WA_DeleteOnClose);
        sheet->open();
    });
    shortcuts->setShortcuts({ QKeySequence(Qt::Key_F1), QKeySequence(Qt::Key_Question) });
    help->addAction(tr("&About Reverie"), this, [this] { showAbout(this); });
}

void MainWindow::paintEvent(QPaintEvent* event)
{
    QMainWindow::paintEvent(event);
    if (m_painted)
        return;
    m_painted = true;
    QTimer::singleShot(0, this, [this] { m_create->openModel(m_modelToOpen); });
}

void MainWindow::openFile(const QString& path)
{
    if (isPromptFile(path))
        m_create->readPrompts(path);
    else if (!isModel(path))
        m_create->restoreFrom(path);
    else if (m_painted)
        m_create->openModel(path);
    else
        m_modelToOpen = path;
}

void MainWindow::chooseModel()
{
    auto* dialog = new QFileDialog(this, tr("Open a model"), QFileInfo(Settings::model()).absolutePath(),
                                   tr("Models (*.safetensors)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, m_create, &CreatePage::openModel);
    dialog->open();
}

void MainWindow::chooseNames()
{
    auto* dialog = new NamePatternDialog(Settings::namePattern(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &NamePatternDialog::chosen, this, [this](const QString& pattern) {
        Settings::setNamePattern(pattern);
        m_session.setNamePattern(pattern);
    });
    dialog->open();
}

void MainWindow::showTitle(const QString& title)
{
    m_title = title;
    const QString name = title.isEmpty() ? tr("Reverie") : tr("%1 – Reverie").arg(title);
    setWindowTitle(m_unseen > 0 ? tr("(%1) %2").arg(m_unseen).arg(name) : name);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    saveState();
    const int unsaved = static_cast<int>(m_session.pictures().unsaved().size());
    if (m_session.isIdle() && (unsaved == 0 || m_closing)) {
        event->accept();
        return;
    }
    event->ignore();
    if (m_session.isDrawing())
        askToStop();
    else if (m_session.isIdle())
        askToLose(unsaved);
    else
        m_closing = true;
}

void MainWindow::askToStop()
{
    auto* box = new QMessageBox(
        QMessageBox::Question, tr("Quit while drawing?"),
        tr("Reverie is still drawing. It goes on with it, and with the queue, when it is started again."), {},
        this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton* quit = box->addButton(tr("Stop and &Quit"), QMessageBox::AcceptRole);
    box->setDefaultButton(box->addButton(tr("&Keep Drawing"), QMessageBox::RejectRole));
    connect(quit, &QPushButton::clicked, this, [this] {
        m_closing = true;
        m_queue->holdBack();
        m_session.stop();
        closeWhenIdle();
    });
    box->open();
}

void MainWindow::askToLose(int pictures)
{
    auto* box = new QMessageBox(
        QMessageBox::Warning, tr("Quit without saving?"),
        pictures == 1 ? tr("A picture could not be saved and would be lost.")
                      : tr("%n pictures could not be saved and would be lost.", nullptr, pictures),
        {}, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton* quit = box->addButton(tr("&Quit Anyway"), QMessageBox::DestructiveRole);
    QPushButton* choose = box->addButton(tr("&Choose Another Folder…"), QMessageBox::AcceptRole);
    box->addButton(QMessageBox::Cancel);
    box->setDefaultButton(choose);
    connect(choose, &QPushButton::clicked, m_create->actions().chooseFolder, &QAction::trigger);
    connect(quit, &QPushButton::clicked, this, [this] {
        m_closing = true;
        close();
    });
    connect(box, &QDialog::finished, this, [this, box, quit] {
        if (box->clickedButton() != quit)
            m_queue->goOn();
    });
    box->open();
}

void MainWindow::closeWhenIdle()
{
    if (!m_closing || !m_session.isIdle())
        return;
    m_closing = false;
    close();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (!openableFile(*event->mimeData()).isEmpty())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    const QString path = openableFile(*event->mimeData());
    if (!isModel(path))
        showPage(0);
    if (isPicture(path))
        m_create->takeDropped(path);
    else
        openFile(path);
    event->acceptProposedAction();
}

/// In any open menu a key chooses an entry: there the shortcuts of all pages would count, and contradict each
/// other.
bool MainWindow::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride && qobject_cast<QMenu*>(watched)) {
        event->accept();
        return true;
    }
    return QMainWindow::eventFilter(watched, event);
}

void MainWindow::saveState()
{
    m_create->saveState();
    Settings::setGeometry(saveGeometry());
}

void MainWindow::restoreState()
{
    resize(1200, 760);
    restoreGeometry(Settings::geometry());
    m_create->restoreState();
}

} // namespace reverie::ui
