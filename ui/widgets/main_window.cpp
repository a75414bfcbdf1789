// SPDX-License-Identifier: MIT
#include "ui/widgets/main_window.h"

#include "ui/session/session.h"
#include "ui/session/settings.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/help_dialogs.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/theme.h"

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

namespace reverie::ui {

namespace {

constexpr int save_delay_ms = 1000;

bool isModel(const QString& path)
{
    return path.endsWith(QLatin1String(".safetensors"), Qt::CaseInsensitive);
}

/// The dropped file this program can open; empty if there is none.
QString openableFile(const QMimeData& data)
{
    for (const QUrl& url : data.urls()) {
        const QString path = url.toLocalFile();
        if (isModel(path) || path.endsWith(QLatin1String(".png"), Qt::CaseInsensitive))
            return path;
    }
    return {};
}

} // namespace

MainWindow::MainWindow(Session& session, QWidget* parent)
    : QMainWindow(parent)
    , m_session(session)
    , m_pages(new QStackedWidget)
    , m_create(new CreatePage(session))
    , m_modelToOpen(Settings::model())
{
    m_pages->addWidget(m_create);
    setCentralWidget(m_pages);
    setAcceptDrops(true);
    makeMenus();
    showTitle({});
    restoreState();
    m_saveSoon.setSingleShot(true);
    m_saveSoon.setInterval(save_delay_ms);
    connect(&m_saveSoon, &QTimer::timeout, this, &MainWindow::saveState);
    connect(&m_create->parameters(), &ParameterPanel::changed, &m_saveSoon, qOverload<>(&QTimer::start));
    connect(m_create, &CreatePage::chooseModelWanted, this, &MainWindow::chooseModel);
    connect(m_create, &CreatePage::titleChanged, this, &MainWindow::showTitle);
    connect(&m_session, &Session::idle, this, &MainWindow::closeWhenIdle);
}

void MainWindow::makeMenus()
{
    const CreatePage::Actions& page = m_create->actions();
    QMenu* file = menuBar()->addMenu(tr("&File"));
    QAction* open = file->addAction(tr("Open &Model…"), QKeySequence::Open, this, &MainWindow::chooseModel);
    connect(&m_session, &Session::drawingChanged, open, &QAction::setDisabled);
    file->addSeparator();
    file->addActions({ page.chooseFolder, page.openFolder });
    file->addSeparator();
    file->addAction(tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);
    QMenu* edit = menuBar()->addMenu(tr("&Edit"));
    edit->addActions({ page.draw, page.stop, page.reset });
    edit->addSeparator();
    edit->addActions({ page.copy, page.showInFolder });
    edit->addSeparator();
    edit->addActions({ page.usePrompt, page.useSeed, page.useAll });
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
    QAction* shortcuts = help->addAction(tr("&Keyboard Shortcuts"), this, [this] { showShortcuts(this); });
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
    if (!isModel(path))
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

void MainWindow::showTitle(const QString& title)
{
    setWindowTitle(title.isEmpty() ? tr("Reverie") : tr("%1 – Reverie").arg(title));
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
    auto* box
        = new QMessageBox(QMessageBox::Question, tr("Quit while drawing?"),
                          tr("Reverie is still drawing. What there is of the picture is kept."), {}, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton* quit = box->addButton(tr("Stop and &Quit"), QMessageBox::AcceptRole);
    box->setDefaultButton(box->addButton(tr("&Keep Drawing"), QMessageBox::RejectRole));
    connect(quit, &QPushButton::clicked, this, [this] {
        m_closing = true;
        m_session.stop();
        closeWhenIdle();
    });
    box->open();
}

void MainWindow::askToLose(int pictures)
{
    auto* box = new QMessageBox(QMessageBox::Warning, tr("Quit without saving?"),
                                tr("%n picture(s) could not be saved and would be lost.", nullptr, pictures),
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
    openFile(openableFile(*event->mimeData()));
    event->acceptProposedAction();
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
