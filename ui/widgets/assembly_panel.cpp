// SPDX-License-Identifier: MIT
#include "ui/widgets/assembly_panel.h"

#include "ui/session/model_store.h"
#include "ui/session/path.h"
#include "ui/widgets/assembly_row.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDropEvent>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QStyle>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int resolution = 1000;

QLabel* wrapped(const char* name)
{
    auto* label = new QLabel;
    label->setObjectName(QLatin1String(name));
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->hide();
    return label;
}

QString pathOf(const QString& name)
{
    return ModelStore::folder() + QLatin1Char('/') + name + QStringLiteral(".safetensors");
}

bool isTaken(const QString& name)
{
    return !name.isEmpty() && QFileInfo::exists(pathOf(name));
}

/// "name", "name-2", ...
QString freeName(const QString& name)
{
    QString free = name;
    for (int i = 2; isTaken(free); ++i)
        free = QStringLiteral("%1-%2").arg(name).arg(i);
    return free;
}

QPushButton* button(const QString& text, const char* name)
{
    auto* made = new QPushButton(text);
    made->setObjectName(QLatin1String(name));
    made->setProperty("tall", true);
    return made;
}

} // namespace

AssemblyPanel::AssemblyPanel(QWidget* parent)
    : QFrame(parent)
    , m_missing(wrapped("assemblyMissing"))
    , m_dtype(new QComboBox)
    , m_averaged(new QCheckBox(tr("Take the averaged weights (EMA)")))
    , m_name(new QLineEdit)
    , m_doing(wrapped("assemblyDoing"))
    , m_bar(new QProgressBar)
    , m_report(wrapped("assemblyReport"))
    , m_start(button(tr("&Put Together"), "assemblyStart"))
    , m_cancel(button(tr("&Cancel"), "assemblyCancel"))
    , m_open(button(tr("&Use It"), "assemblyOpen"))
    , m_again(button(tr("&Start Over"), "assemblyAgain"))
    , m_close(button(tr("C&lose"), "assemblyClose"))
{
    setObjectName(QStringLiteral("assemblyPanel"));
    setAcceptDrops(true);
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(28, 24, 28, 24);
    column->setSpacing(12);
    auto* title = new QLabel(tr("Put a pipeline together"));
    title->setObjectName(QStringLiteral("headline"));
    auto* about = new QLabel(tr("Drop the files here; each finds its place. Nothing in them is run."));
    about->setProperty("muted", true);
    about->setWordWrap(true);
    column->addWidget(title);
    column->addWidget(about);
    column->addWidget(makeRows());
    column->addWidget(m_missing);
    column->addWidget(makeOptions());
    column->addWidget(m_doing);
    column->addWidget(m_bar);
    column->addWidget(m_report);
    column->addWidget(makeEnd());
    column->addStretch();
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(content);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(scroll);
    setState(State::Filling);
}

QWidget* AssemblyPanel::makeRows()
{
    const std::array<std::array<QString, 3>, Assembly::places> places{ {
        { tr("Prior"), QStringLiteral("prior"), tr("Makes image embeddings of texts") },
        { tr("Decoder"), QStringLiteral("decoder"), tr("Draws the picture") },
        { tr("Upsampler"), QStringLiteral("upsampler"),
          tr("Makes it larger; only if it is a file of its own") },
        { tr("CLIP"), QStringLiteral("clip"), tr("The one the parts were trained with") },
        { tr("Vocabulary"), QStringLiteral("vocabulary"), tr("The tokens of that CLIP") },
        { tr("Statistics"), QStringLiteral("statistics"), tr("Of CLIP's embeddings, beside Karlo's prior") },
    } };
    auto* box = new QWidget;
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins({});
    column->setSpacing(6);
    for (int i = 0; i < Assembly::places; ++i) {
        const auto place = static_cast<Assembly::Place>(i);
        auto* row = m_rows[i] = new AssemblyRow(places[i][0], places[i][1], places[i][2]);
        column->addWidget(row);
        connect(row, &AssemblyRow::filesWanted, this,
                [this, i](const QStringList& paths) { Q_EMIT filesWanted(i, paths); });
        connect(row, &AssemblyRow::clearWanted, this, [this, place] {
            m_assembly.clear(place);
            refresh();
        });
    }
    return box;
}

QWidget* AssemblyPanel::makeOptions()
{
    m_dtype->setObjectName(QStringLiteral("assemblyDtype"));
    m_dtype->setAccessibleName(tr("Store weights as"));
    m_dtype->addItem(tr("As they are"), QString());
    m_dtype->addItem(tr("Single precision (f32)"), QStringLiteral("f32"));
    m_dtype->addItem(tr("Half precision (f16)"), QStringLiteral("f16"));
    m_dtype->addItem(tr("Half precision, wide range (bf16)"), QStringLiteral("bf16"));
    m_averaged->setObjectName(QStringLiteral("assemblyAveraged"));
    m_averaged->setChecked(true);
    m_name->setObjectName(QStringLiteral("assemblyName"));
    m_name->setAccessibleName(tr("Name"));
    m_name->setPlaceholderText(tr("Name of the model"));
    m_name->setMaxLength(120);
    auto* box = new QWidget;
    auto* form = new QFormLayout(box);
    form->setContentsMargins(0, 4, 0, 4);
    form->setHorizontalSpacing(20);
    form->setVerticalSpacing(8);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    form->addRow(tr("Store weights as"), m_dtype);
    form->addRow(QString(), m_averaged);
    form->addRow(tr("Name"), m_name);
    connect(m_name, &QLineEdit::textEdited, this, [this] {
        m_named = true;
        refresh();
    });
    connect(m_name, &QLineEdit::returnPressed, m_start, &QPushButton::click);
    return box;
}

QWidget* AssemblyPanel::makeEnd()
{
    m_bar->setObjectName(QStringLiteral("assemblyProgress"));
    m_bar->setRange(0, resolution);
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Progress"));
    for (QPushButton* primary : { m_start, m_open })
        primary->setProperty("primary", true);
    auto* box = new QWidget;
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins(0, 4, 0, 0);
    row->setSpacing(8);
    for (QPushButton* button : { m_start, m_open, m_cancel, m_again, m_close })
        row->addWidget(button);
    row->addStretch();
    connect(m_start, &QPushButton::clicked, this, [this] {
        setState(State::Running);
        showProgress({}, 0);
        Q_EMIT startWanted();
    });
    connect(m_cancel, &QPushButton::clicked, this, &AssemblyPanel::cancelWanted);
    connect(m_open, &QPushButton::clicked, this, [this] { Q_EMIT openWanted(m_written); });
    connect(m_again, &QPushButton::clicked, this, &AssemblyPanel::startAgain);
    connect(m_close, &QPushButton::clicked, this, &AssemblyPanel::closeWanted);
    return box;
}

void AssemblyPanel::put(const QList<ModelFile>& files)
{
    if (m_state == State::Running)
        return;
    QStringList problems;
    for (const ModelFile& file : files)
        problems << m_assembly.put(file);
    problems.removeAll({});
    setState(State::Filling);
    if (!problems.isEmpty())
        showError(problems.join(QLatin1Char('\n')));
}

void AssemblyPanel::put(Assembly::Place place, const ModelFile& file)
{
    if (m_state == State::Running)
        return;
    const QString problem = m_assembly.put(place, file);
    setState(State::Filling);
    if (!problem.isEmpty())
        showError(problem);
}

ModelImportRequest AssemblyPanel::request() const
{
    ModelImportRequest request = m_assembly.request();
    request.dtype = m_dtype->currentData().toString().toStdString();
    request.ema = m_assembly.hasAveraged() && m_averaged->isChecked();
    request.out = toPath(pathOf(m_name->text().trimmed()));
    return request;
}

void AssemblyPanel::setState(State state)
{
    m_state = state;
    if (state == State::Filling)
        m_report->hide();
    refresh();
}

void AssemblyPanel::startAgain()
{
    m_assembly.clear();
    m_named = false;
    setState(State::Filling);
}

void AssemblyPanel::refresh()
{
    const bool filling = m_state == State::Filling, running = m_state == State::Running;
    for (int i = 0; i < Assembly::places; ++i) {
        m_rows[i]->show(m_assembly.at(static_cast<Assembly::Place>(i)));
        m_rows[i]->setEnabled(filling);
    }
    m_rows[Assembly::Statistics]->setVisible(
        !m_assembly.at(Assembly::Statistics).path.isEmpty()
        || m_assembly.at(Assembly::Prior).what.contains(QLatin1String("Karlo")));
    if (!m_named && filling)
        m_name->setText(freeName(m_assembly.suggestedName()));
    const QString name = m_name->text().trimmed();
    QStringList sentences = m_assembly.missing();
    if (isTaken(name))
        sentences << tr("There is a model %1 already; choose another name.").arg(name);
    const QString missing = sentences.join(QLatin1Char('\n'));
    m_missing->setText(missing);
    m_missing->setVisible(filling && !missing.isEmpty());
    m_averaged->setVisible(m_assembly.hasAveraged());
    for (QWidget* option :
         { static_cast<QWidget*>(m_dtype), static_cast<QWidget*>(m_averaged), static_cast<QWidget*>(m_name) })
        option->setEnabled(filling);
    m_start->setEnabled(filling && m_assembly.isPossible() && !name.isEmpty() && !isTaken(name)
                        && !name.contains(QLatin1Char('/')) && !name.startsWith(QLatin1Char('.')));
    m_start->setVisible(m_state != State::Done);
    m_cancel->setVisible(running);
    m_open->setVisible(m_state == State::Done);
    m_again->setVisible(!running && !m_assembly.isEmpty());
    m_close->setVisible(!running);
    m_doing->setVisible(running);
    m_bar->setVisible(running);
}

void AssemblyPanel::showProgress(const QString& doing, double done)
{
    m_doing->setText(doing.isEmpty() ? tr("Starting…") : doing);
    m_bar->setValue(static_cast<int>(done * resolution));
}

void AssemblyPanel::report(const QString& text, bool danger)
{
    m_report->setProperty("danger", danger);
    m_report->style()->unpolish(m_report);
    m_report->style()->polish(m_report);
    m_report->setText(text);
    m_report->setVisible(true);
}

void AssemblyPanel::showReport(const QString& path, const QStringList& notes)
{
    m_written = path;
    const QFileInfo info(path);
    QStringList lines{ tr("%1 was written, %2: every tensor was there, in its shape, and the parts fit.")
                           .arg(info.fileName(),
                                QLocale().formattedDataSize(info.size(), 1, QLocale::DataSizeSIFormat)) };
    report((lines + notes).join(QLatin1Char('\n')), false);
    setState(State::Done);
    m_open->setFocus();
}

void AssemblyPanel::showError(const QString& message)
{
    setState(State::Filling);
    report(message, true);
}

void AssemblyPanel::showCancelled()
{
    setState(State::Filling);
    report(tr("Cancelled; nothing was written."), false);
    m_start->setFocus();
}

void AssemblyPanel::dragEnterEvent(QDragEnterEvent* event)
{
    if (m_state != State::Running && !localFiles(*event->mimeData()).isEmpty())
        event->acceptProposedAction();
}

void AssemblyPanel::dropEvent(QDropEvent* event)
{
    event->acceptProposedAction();
    Q_EMIT filesWanted(-1, localFiles(*event->mimeData()));
}

} // namespace reverie::ui
