// SPDX-License-Identifier: MIT
#include "ui/widgets/models_page.h"

#include "ui/session/path.h"
#include "ui/session/session.h"
#include "ui/widgets/assembly_panel.h"
#include "ui/widgets/assembly_row.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/model_details.h"
#include "ui/widgets/models_list.h"
#include "ui/widgets/theme.h"

#include <QAction>
#include <QDateTime>
#include <QDropEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int resolution = 1000;

QString fileKey(const QString& path)
{
    const QFileInfo info(path);
    return QStringLiteral("%1\n%2\n%3")
        .arg(path)
        .arg(info.size())
        .arg(info.lastModified().toMSecsSinceEpoch());
}

} // namespace

ModelsPage::ModelsPage(ModelStore& store, Session& session, QWidget* parent)
    : QWidget(parent)
    , m_store(store)
    , m_session(session)
    , m_search(new QLineEdit)
    , m_list(new ModelsList)
    , m_count(new QLabel)
    , m_message(new MessageBar)
    , m_stack(new QStackedWidget)
    , m_details(new ModelDetails)
    , m_assembly(new AssemblyPanel)
{
    setAcceptDrops(true);
    makeActions();
    auto* splitter = new QSplitter;
    splitter->addWidget(makeSide());
    splitter->addWidget(makeCentre());
    splitter->setStretchFactor(1, 1);
    splitter->setHandleWidth(1);
    splitter->setChildrenCollapsible(false);
    splitter->setSizes({ 320, 900 });
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(splitter);
    connectStore();
    connectAssembly();
    connectSession();
    showCurrent();
    showCount();
}

QWidget* ModelsPage::makeSide()
{
    auto* side = new QFrame;
    side->setObjectName(QStringLiteral("parameterPanel"));
    side->setMinimumWidth(240);
    m_search->setObjectName(QStringLiteral("modelSearch"));
    m_search->setPlaceholderText(tr("Search models"));
    m_search->setAccessibleName(tr("Search models"));
    m_search->setClearButtonEnabled(true);
    m_search->addAction(Theme::icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    m_count->setProperty("muted", true);
    m_count->setWordWrap(true);
    auto* layout = new QVBoxLayout(side);
    layout->setContentsMargins(8, 12, 8, 12);
    layout->setSpacing(8);
    layout->addWidget(m_search);
    layout->addWidget(m_list, 1);
    layout->addWidget(m_count);
    for (QAction* action : { m_actions.inspect, m_actions.assemble }) {
        auto* button = new QPushButton(action->icon(), action->text());
        button->setObjectName(action->objectName());
        button->setAccessibleName(action->iconText());
        button->setProperty("tall", true);
        layout->addWidget(button);
        connect(button, &QPushButton::clicked, action, &QAction::trigger);
    }
    connect(m_search, &QLineEdit::textChanged, this, [this](const QString& words) {
        m_list->setFilter(words);
        showCount();
        showCurrent();
    });
    connect(m_search, &QLineEdit::returnPressed, m_list, [this] {
        m_list->setFocus();
        for (int i = 0; i < m_list->count() && !m_list->current(); ++i)
            if (!m_list->item(i)->isHidden())
                m_list->setCurrentRow(i);
    });
    connect(m_list, &QListWidget::currentRowChanged, this, [this](int row) {
        if (row >= 0)
            m_looked.reset();
        closeAssembly();
        showCurrent();
    });
    connect(m_list, &QListWidget::itemClicked, this, &ModelsPage::closeAssembly);
    connect(m_list, &QListWidget::itemActivated, m_actions.use, &QAction::trigger);
    return side;
}

QWidget* ModelsPage::makeCentre()
{
    m_stack->addWidget(m_details);
    m_stack->addWidget(m_assembly);
    auto* centre = new QFrame;
    centre->setObjectName(QStringLiteral("modelsCentre"));
    auto* layout = new QVBoxLayout(centre);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    layout->addWidget(m_message);
    layout->addWidget(makeCopying());
    layout->addWidget(m_stack, 1);
    m_details->addAction(m_actions.use, true);
    m_details->addAction(m_actions.assembleThis, true);
    for (QAction* action : { m_actions.install, m_actions.showInFolder, m_actions.rename, m_actions.remove })
        m_details->addAction(action);
    return centre;
}

QWidget* ModelsPage::makeCopying()
{
    m_copying = new QFrame;
    m_copyingText = new QLabel;
    m_copyingBar = new QProgressBar;
    m_copyingBar->setRange(0, resolution);
    m_copyingBar->setTextVisible(false);
    m_copyingBar->setAccessibleName(tr("Progress of copying"));
    auto* cancel = new QPushButton(tr("Cancel"));
    cancel->setObjectName(QStringLiteral("cancelCopying"));
    cancel->setAccessibleName(tr("Cancel copying"));
    cancel->setProperty("small", true);
    auto* row = new QHBoxLayout(m_copying);
    row->setContentsMargins(28, 8, 16, 8);
    row->setSpacing(12);
    row->addWidget(m_copyingText);
    row->addWidget(m_copyingBar, 1);
    row->addWidget(cancel);
    m_copying->hide();
    connect(cancel, &QPushButton::clicked, &m_store, &ModelStore::cancelAdding);
    return m_copying;
}

void ModelsPage::connectStore()
{
    connect(&m_store, &ModelStore::changed, this, &ModelsPage::showModels);
    connect(&m_store, &ModelStore::failed, this, [this](const QString& text) {
        m_copying->hide();
        m_message->showError(text);
    });
    connect(&m_store, &ModelStore::inspected, this, &ModelsPage::takeInspected);
    connect(&m_store, &ModelStore::weighed, this, [this](const QString& path, quint64 bytes) {
        if (current() && current()->path == path)
            m_details->setMemory(bytes, availableMemory());
    });
    connect(&m_store, &ModelStore::hashing, this, [this](const QString& path, double done) {
        if (current() && current()->path == path)
            m_details->setHash(tr("%1 %").arg(static_cast<int>(done * 100)));
    });
    connect(&m_store, &ModelStore::hashed, this, [this](const QString& path, const QString& sha256) {
        if (!sha256.isEmpty())
            m_hashes.insert(fileKey(path), sha256);
        if (current() && current()->path == path)
            m_details->setHash(sha256.isEmpty() ? tr("can't be computed") : sha256);
    });
    connect(&m_store, &ModelStore::adding, this, [this](const QString& path, double done) {
        m_copyingText->setText(tr("Copying %1").arg(QFileInfo(path).fileName()));
        m_copyingBar->setValue(static_cast<int>(done * resolution));
        m_copying->show();
    });
    connect(&m_store, &ModelStore::addingCancelled, this, [this] {
        m_copying->hide();
        m_message->showNote(tr("Cancelled; nothing was copied."));
    });
    connect(&m_store, &ModelStore::added, this, [this](const QString& path) {
        m_copying->hide();
        m_looked.reset();
        m_chooseWhenScanned = path;
        m_message->showNote(tr("%1 is installed.").arg(QFileInfo(path).fileName()));
    });
    connect(&m_store, &ModelStore::removed, this, [this](const QString& path) {
        m_actions.undo->setEnabled(true);
        m_message->showOffer(tr("Moved to the trash: %1.").arg(QFileInfo(path).fileName()),
                             { m_actions.undo });
        if (isActive(path))
            Q_EMIT useWanted({});
    });
    connect(&m_store, &ModelStore::restored, this, [this](const QString& path) {
        m_actions.undo->setEnabled(false);
        m_message->dismiss();
        m_chooseWhenScanned = path;
    });
    connect(&m_store, &ModelStore::renamed, this, [this](const QString& from, const QString& to) {
        m_chooseWhenScanned = to;
        if (isActive(from))
            Q_EMIT useWanted(to);
    });
}

void ModelsPage::connectAssembly()
{
    connect(m_assembly, &AssemblyPanel::filesWanted, this, &ModelsPage::inspectForAssembly);
    connect(m_assembly, &AssemblyPanel::startWanted, this,
            [this] { m_importer.start(m_assembly->request()); });
    connect(m_assembly, &AssemblyPanel::cancelWanted, &m_importer, &ModelImporter::cancel);
    connect(m_assembly, &AssemblyPanel::closeWanted, this, &ModelsPage::closeAssembly);
    connect(m_assembly, &AssemblyPanel::openWanted, this, [this](const QString& path) {
        closeAssembly();
        m_chooseWhenScanned = path;
        m_list->choose(path);
        Q_EMIT useWanted(path);
    });
    connect(&m_importer, &ModelImporter::progressed, m_assembly, &AssemblyPanel::showProgress);
    connect(&m_importer, &ModelImporter::cancelled, m_assembly, &AssemblyPanel::showCancelled);
    connect(&m_importer, &ModelImporter::failed, m_assembly, &AssemblyPanel::showError);
    connect(&m_importer, &ModelImporter::finished, this,
            [this](const QString& path, const QStringList& notes) {
                m_assembly->showReport(path, notes);
                m_store.scan();
            });
}

void ModelsPage::connectSession()
{
    connect(&m_session, &Session::modelOpening, this, [this] {
        m_loading = true;
        showState();
    });
    connect(&m_session, &Session::modelOpened, this, [this](const ModelInfo& model) {
        const QString path = toQString(model.path);
        m_store.note(path);
        m_list->setActive(path);
        showState();
    });
    connect(&m_session, &Session::modelReady, this, [this] {
        m_loading = false;
        showState();
    });
    connect(&m_session, &Session::modelFailed, this, [this](const QString& text) {
        m_loading = false;
        m_message->showError(text);
        showState();
    });
    connect(&m_session, &Session::drawingChanged, this, &ModelsPage::enableActions);
}

void ModelsPage::activate()
{
    if (!m_active) {
        m_active = true;
        if (const ModelInfo* model = m_session.model()) {
            m_store.note(toQString(model->path));
            m_list->setActive(toQString(model->path));
        }
        m_store.scan();
    }
    m_list->setFocus();
}

void ModelsPage::showModels()
{
    m_list->setModels(m_store.models());
    if (!m_chooseWhenScanned.isEmpty())
        m_list->choose(std::exchange(m_chooseWhenScanned, {}));
    showCount();
    showCurrent();
}

void ModelsPage::showCount()
{
    const int all = m_list->count(), shown = m_list->shown();
    const QLocale locale;
    if (!m_store.wasScanned())
        m_count->setText(tr("Looking for models…"));
    else if (all == 0)
        m_count->setText(tr("No model is installed. Drop a file here, or put one together."));
    else if (shown == 0)
        m_count->setText(tr("No model is like that. Take a word away."));
    else
        m_count->setText(shown < all ? tr("%1 of %2 models").arg(locale.toString(shown), locale.toString(all))
                             : all == 1 ? tr("1 model")
                                        : tr("%1 models").arg(locale.toString(all)));
}

const ModelFile* ModelsPage::current() const
{
    return m_looked ? &*m_looked : m_list->current();
}

bool ModelsPage::isActive(const QString& path) const
{
    return m_session.model() && toQString(m_session.model()->path) == path;
}

void ModelsPage::showCurrent()
{
    const ModelFile* file = current();
    m_details->show(file);
    showState();
    if (!file || !QFileInfo(file->path).isFile())
        return;
    if (file->kind == ModelFile::Kind::Pipeline)
        m_store.weigh(file->path);
    if (const QString known = m_hashes.value(fileKey(file->path)); !known.isEmpty())
        m_details->setHash(known);
    else
        m_store.hash(file->path);
}

void ModelsPage::showState()
{
    const ModelFile* file = current();
    if (file && isActive(file->path))
        m_details->setState(m_loading ? tr("Loading in the background…")
                                      : tr("In use: pictures are drawn with it."));
    else
        m_details->setState({});
    enableActions();
}

void ModelsPage::takeInspected(const QList<ModelFile>& files)
{
    if (m_inspectingFor == For::Assembly && m_place >= 0 && files.size() == 1) {
        m_assembly->put(static_cast<Assembly::Place>(m_place), files[0]);
        return;
    }
    if (m_inspectingFor == For::Assembly || files.size() > 1) {
        openAssembly(files);
        return;
    }
    if (files.isEmpty())
        return;
    m_list->setCurrentRow(-1);
    closeAssembly();
    m_looked = files[0];
    m_list->choose(files[0].path); // it may be an installed one
    showCurrent();
}

void ModelsPage::openAssembly(const QList<ModelFile>& files)
{
    m_stack->setCurrentWidget(m_assembly);
    if (!files.isEmpty())
        m_assembly->put(files);
    enableActions();
}

void ModelsPage::closeAssembly()
{
    if (!m_importer.isRunning())
        m_stack->setCurrentWidget(m_details);
    enableActions();
}

void ModelsPage::inspectForAssembly(int place, const QStringList& paths)
{
    m_inspectingFor = For::Assembly;
    m_place = place;
    m_store.inspect(paths);
}

void ModelsPage::take(const QStringList& paths)
{
    m_inspectingFor = m_stack->currentWidget() == m_assembly ? For::Assembly : For::Details;
    m_place = -1;
    if (!m_importer.isRunning())
        m_store.inspect(paths);
}

void ModelsPage::dragEnterEvent(QDragEnterEvent* event)
{
    if (!localFiles(*event->mimeData()).isEmpty())
        event->acceptProposedAction();
}

void ModelsPage::dropEvent(QDropEvent* event)
{
    event->acceptProposedAction();
    take(localFiles(*event->mimeData()));
}

} // namespace reverie::ui
