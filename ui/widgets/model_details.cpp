// SPDX-License-Identifier: MIT
#include "ui/widgets/model_details.h"

#include "ui/widgets/fact_label.h"

#include <QAction>
#include <QFile>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QStyle>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int hash_line = 32; ///< digits

QString bytesText(quint64 bytes)
{
    return QLocale().formattedDataSize(static_cast<qint64>(bytes), 1, QLocale::DataSizeSIFormat);
}

QString stepsText(const StageInfo& stage)
{
    return ModelDetails::tr("%1 parameters, %2 of %3 steps")
        .arg(parametersText(stage.parameters))
        .arg(stage.default_steps)
        .arg(stage.max_steps);
}

QString labelAt(const QFormLayout& rows, int row, QFormLayout::ItemRole role)
{
    return qobject_cast<QLabel*>(rows.itemAt(row, role)->widget())->text();
}

/// The window has fields where the command line has options.
QString inTheWindow(const std::string& need)
{
    QString text = QString::fromStdString(need);
    text.replace(QLatin1String(": --clip FILE."), QLatin1String("."));
    text.replace(QLatin1String(": --vocab FILE."), QLatin1String("."));
    return text;
}

} // namespace

quint64 availableMemory()
{
    QFile file(QStringLiteral("/proc/meminfo"));
    if (!file.open(QFile::ReadOnly))
        return 0;
    for (const QByteArray& line : file.readAll().split('\n'))
        if (line.startsWith("MemAvailable:"))
            return line.mid(13).simplified().split(' ').value(0).toULongLong() << 10U;
    return 0;
}

ModelDetails::ModelDetails(QWidget* parent)
    : QFrame(parent)
    , m_content(new QWidget)
    , m_hint(new QLabel(tr("Choose a model to see what it is, or drop a file here to look into it.")))
    , m_title(factLabel("headline"))
    , m_about(factLabel("modelAbout"))
    , m_warning(factLabel("modelWarning"))
    , m_state(factLabel("modelState"))
    , m_memory(factLabel("modelMemory"))
    , m_actions(new QHBoxLayout)
    , m_rows(new QFormLayout)
{
    setObjectName(QStringLiteral("modelDetails"));
    m_hint->setProperty("muted", true);
    m_hint->setWordWrap(true);
    m_hint->setAlignment(Qt::AlignCenter);
    m_about->setProperty("muted", true);
    m_memory->setProperty("muted", true);
    m_actions->setSpacing(8);
    m_rows->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_rows->setHorizontalSpacing(20);
    m_rows->setVerticalSpacing(8);
    m_rows->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    auto* column = new QVBoxLayout(m_content);
    column->setContentsMargins(28, 24, 28, 24);
    column->setSpacing(12);
    for (QLabel* label : { m_title, m_about, m_warning })
        column->addWidget(label);
    column->addSpacing(4);
    column->addLayout(m_actions);
    column->addWidget(m_state);
    column->addWidget(m_memory);
    auto* line = new QFrame;
    line->setProperty("line", true);
    column->addWidget(line);
    column->addLayout(m_rows);
    column->addStretch();
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(m_content);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(m_hint, 1);
    layout->addWidget(scroll, 1);
    m_actions->addStretch();
    show(nullptr);
}

void ModelDetails::addAction(QAction* action, bool primary)
{
    auto* button = new QPushButton(action->icon(), action->iconText());
    button->setObjectName(action->objectName());
    button->setToolTip(action->toolTip());
    button->setAccessibleName(action->iconText());
    button->setProperty(primary ? "primary" : "tall", true);
    m_actions->insertWidget(m_actions->count() - 1, button);
    const auto follow = [button, action] {
        button->setEnabled(action->isEnabled());
        button->setVisible(action->isVisible());
        button->setText(action->iconText());
        button->setAccessibleName(action->iconText());
    };
    connect(button, &QPushButton::clicked, action, &QAction::trigger);
    connect(action, &QAction::changed, button, follow);
    follow();
}

void ModelDetails::addRow(const QString& name, const QString& value)
{
    if (value.isEmpty())
        return;
    const bool again = m_lastRow == name; // the label stands above
    m_lastRow = name;
    auto* label = new QLabel(again ? QString() : name);
    label->setProperty("muted", true);
    auto* text = factLabel("modelFact");
    text->setText(breakable(value));
    m_rows->addRow(label, text);
}

void ModelDetails::show(const ModelFile* file)
{
    m_hint->setVisible(!file);
    m_content->parentWidget()->parentWidget()->setVisible(file);
    m_hash = nullptr;
    m_lastRow.clear();
    while (m_rows->rowCount() > 0)
        m_rows->removeRow(0);
    if (!file)
        return;
    m_title->setText(breakable(file->title()));
    m_about->setText(file->model ? QString::fromStdString(file->model->description) : QString());
    m_about->setVisible(!m_about->text().isEmpty());
    m_warning->setText(file->warning());
    m_warning->setProperty("danger",
                           file->kind == ModelFile::Kind::Broken || (file->model && !file->model->trained));
    m_warning->style()->unpolish(m_warning);
    m_warning->style()->polish(m_warning);
    m_warning->setVisible(!m_warning->text().isEmpty());
    m_memory->clear();
    m_memory->hide();
    const QFileInfo info(file->path);
    addRow(tr("File"), info.fileName());
    addRow(tr("Folder"), info.absolutePath());
    if (file->bytes > 0)
        addRow(tr("Size"),
               file->weights ? tr("%1 in %2 tensors, %3")
                                   .arg(bytesText(static_cast<quint64>(file->bytes)))
                                   .arg(file->weights->tensors)
                                   .arg(QString::fromStdString(file->weights->format))
                             : bytesText(static_cast<quint64>(file->bytes)));
    if (file->model)
        addModel(*file->model, file->captions);
    if (file->weights)
        addWeights(*file->weights);
    if (info.isFile()) {
        addRow(tr("SHA-256"), QStringLiteral("…"));
        m_hash
            = qobject_cast<QLabel*>(m_rows->itemAt(m_rows->rowCount() - 1, QFormLayout::FieldRole)->widget());
        m_hash->setObjectName(QStringLiteral("modelHash"));
    }
}

void ModelDetails::addModel(const ModelInfo& model, int captions)
{
    addRow(tr("Parameters"),
           tr("%1, stored as %2").arg(parametersText(model.parameters), QString::fromStdString(model.dtype)));
    if (model.has_clip)
        addRow(tr("CLIP"),
               tr("%1 parameters, prompts of %2 tokens")
                   .arg(parametersText(model.clip_parameters))
                   .arg(model.context_length));
    if (model.has_prior)
        addRow(tr("Prior"), stepsText(model.prior));
    for (size_t i = 0; i < model.stages.size(); ++i)
        addRow(tr("Stage %1").arg(i + 1),
               tr("%1 pixels, %2").arg(model.stages[i].size).arg(stepsText(model.stages[i])));
    if (captions > 0)
        addRow(tr("Knows"), tr("%1 captions and nothing else").arg(QLocale().toString(captions)));
    addRow(tr("Author"), QString::fromStdString(model.author));
    addRow(tr("Date"), QString::fromStdString(model.date));
    addRow(tr("Licence"), QString::fromStdString(model.license));
}

void ModelDetails::addWeights(const WeightsInfo& weights)
{
    if (!weights.version.empty())
        addRow(tr("Written by"), QStringLiteral("DALLE2-pytorch ") + QString::fromStdString(weights.version));
    for (const WeightsPartInfo& part : weights.parts) {
        QStringList facts{ QString::fromStdString(part.title) };
        if (part.ema)
            facts << tr("averaged");
        facts << tr("%1 parameters").arg(parametersText(part.parameters))
              << QString::fromStdString(part.dtype);
        if (!part.prefix.empty())
            facts.first() += QStringLiteral(" (%1)").arg(QString::fromStdString(part.prefix));
        if (!part.architecture.empty())
            facts << QString::fromStdString(part.architecture);
        addRow(tr("Holds"), facts.join(QStringLiteral(", ")));
    }
    for (const std::string& need : weights.needs)
        addRow(tr("Needs"), inTheWindow(need));
    for (const std::string& name : weights.opaque)
        addRow(tr("Not opened"),
               tr("%1, a class of Python; it was not run").arg(QString::fromStdString(name)));
}

void ModelDetails::setState(const QString& state)
{
    m_state->setText(state);
    m_state->setVisible(!state.isEmpty());
}

void ModelDetails::setMemory(quint64 needed, quint64 available)
{
    QString text
        = tr("Drawing one picture takes up to %1 of memory, the weights included.").arg(bytesText(needed));
    if (available > 0)
        text += QLatin1Char(' ')
            + (needed > available ? tr("Only %1 are free: close other programs, or it will fail.")
                                  : tr("%1 are free."))
                  .arg(bytesText(available));
    m_memory->setText(text);
    m_memory->show();
}

void ModelDetails::setHash(const QString& text)
{
    if (m_hash)
        m_hash->setText(text.size() > hash_line ? text.left(hash_line) + QChar(0x200b) + text.mid(hash_line)
                                                : text);
}

QString ModelDetails::text() const
{
    QStringList lines{ m_title->text(), m_about->text(), m_warning->text() };
    lines.removeAll({});
    QString name;
    for (int i = 0; i < m_rows->rowCount(); ++i) {
        const QString own = labelAt(*m_rows, i, QFormLayout::LabelRole);
        name = own.isEmpty() ? name : own;
        lines << name + QStringLiteral(": ") + labelAt(*m_rows, i, QFormLayout::FieldRole);
    }
    return lines.join(QLatin1Char('\n')).remove(QChar(0x200b));
}

} // namespace reverie::ui
