// SPDX-License-Identifier: MIT
#include "ui/widgets/dataset_preview.h"
#include "ui/widgets/new_run_dialog.h"
#include "ui/widgets/preflight_view.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/training_options_table.h"

#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTabBar>
#include <QVBoxLayout>

// How the dialog looks.
namespace reverie::ui {

namespace {

constexpr int questions_width = 330, between_questions = 6;

QComboBox* choice(const char* id, const QString& name)
{
    auto* box = new QComboBox;
    box->setObjectName(QLatin1String(id));
    box->setAccessibleName(name);
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(12);
    return box;
}

QPushButton* smallButton(const QString& text, const char* id)
{
    auto* button = new QPushButton(text);
    button->setObjectName(QLatin1String(id));
    button->setProperty("small", true);
    button->setAutoDefault(false);
    return button;
}

QHBoxLayout* besides(QWidget* field, QWidget* button)
{
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(field, 1);
    row->addWidget(button);
    return row;
}

} // namespace

void NewRunDialog::makeForm()
{
    auto* columns = new QHBoxLayout;
    columns->setSpacing(24);
    columns->addWidget(makeQuestions());
    columns->addWidget(makeRight(), 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 20, 24, 20);
    layout->setSpacing(16);
    layout->addLayout(columns, 1);
    layout->addWidget(makeBottom());
    resize(1080, 720);
    orderTabs();
}

QWidget* NewRunDialog::makeQuestions()
{
    auto* fields = new QWidget;
    fields->setFixedWidth(questions_width);
    auto* form = new QFormLayout(fields);
    form->setContentsMargins({});
    form->setRowWrapPolicy(QFormLayout::WrapAllRows);
    form->setVerticalSpacing(4);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    m_preset = choice("runPreset", tr("Begin with the preset"));
    if (!m_answers.configuration.isEmpty())
        m_preset->addItem(tr("The copied run"), QString());
    m_preset->setEnabled(m_answers.configuration.isEmpty());
    form->addRow(tr("Begin with the &preset"), m_preset);
    m_description = new QLabel;
    m_description->setProperty("muted", true);
    m_description->setWordWrap(true);
    m_description->setTextFormat(Qt::PlainText);
    form->addRow(m_description);
    addWhat(*form);
    addPictures(*form);
    addPlace(*form);
    addLength(*form);
    m_name = new QLineEdit;
    m_name->setObjectName(QStringLiteral("runName"));
    m_name->setAccessibleName(tr("Called"));
    m_name->setPlaceholderText(tr("The day and what is trained"));
    form->addRow(tr("&Called"), m_name);
    for (QLabel* label : fields->findChildren<QLabel*>())
        if (label->buddy() && label->buddy() != m_preset)
            label->setContentsMargins(0, between_questions, 0, 0);
    return fields;
}

void NewRunDialog::addWhat(QFormLayout& form)
{
    m_what = choice("runWhat", tr("What to train"));
    for (const auto& [text, what] : { std::pair{ tr("Everything, from words to pictures"), "all" },
                                      { tr("CLIP, which compares words and pictures"), "clip" },
                                      { tr("The prior, from words to ideas"), "prior" },
                                      { tr("The decoder, from ideas to pictures"), "decoder" },
                                      { tr("Only the vocabulary"), "tokenizer" } })
        m_what->addItem(text, QLatin1String(what));
    if (m_answers.unet > 0)
        m_what->addItem(tr("Only decoder stage %1").arg(m_answers.unet),
                        QStringLiteral("decoder %1").arg(m_answers.unet));
    const QString chosen
        = m_answers.unet > 0 ? QStringLiteral("decoder %1").arg(m_answers.unet) : m_answers.what;
    m_what->setCurrentIndex(std::max(0, m_what->findData(chosen)));
    form.addRow(tr("&What to train"), m_what);
    m_init = new QLineEdit(m_answers.init);
    m_init->setObjectName(QStringLiteral("runWeights"));
    m_init->setAccessibleName(tr("From which weights"));
    m_init->setPlaceholderText(tr("Fresh ones"));
    m_init->setToolTip(
        tr("A model file. The prior and the decoder need a trained CLIP if they are trained alone."));
    auto* file = smallButton(tr("File…"), "runWeightsChoose");
    connect(file, &QPushButton::clicked, this, &NewRunDialog::chooseWeights);
    auto* label = new QLabel(tr("&From which weights"));
    label->setBuddy(m_init);
    form.addRow(label, besides(m_init, file));
}

void NewRunDialog::addPictures(QFormLayout& form)
{
    m_data = choice("runData", tr("On which pictures"));
    m_data->setEditable(true);
    m_data->lineEdit()->setAccessibleName(m_data->accessibleName());
    m_data->setInsertPolicy(QComboBox::NoInsert);
    m_data->addItems({ QStringLiteral("emoji"), QStringLiteral("shapes") });
    m_data->clearEditText();
    m_data->setToolTip(tr("emoji, shapes, a folder of pictures with captions, tars, or a tensor pack"));
    auto* folder = smallButton(tr("Folder…"), "runDataChoose");
    connect(folder, &QPushButton::clicked, this, &NewRunDialog::chooseFolder);
    auto* label = new QLabel(tr("&On which pictures"));
    label->setBuddy(m_data);
    form.addRow(label, besides(m_data, folder));
}

void NewRunDialog::addPlace(QFormLayout& form)
{
    m_device = choice("runDevice", tr("On which GPU"));
    m_device->addItem(tr("Whichever is there"), QStringLiteral("auto"));
    m_device->addItem(tr("None, the processor"), QStringLiteral("cpu"));
    form.addRow(tr("On which &GPU"), m_device);
    m_when = choice("runWhen", tr("When"));
    m_when->addItem(tr("Now"), QString());
    const bool busy
        = std::any_of(m_runs.begin(), m_runs.end(), [](const RunEntry& run) { return run.isAlive(); });
    if (busy)
        m_when->addItem(tr("As soon as a device is free"), QStringLiteral("free"));
    for (const RunEntry& run : m_runs)
        if (run.isAlive() && run.isLocal)
            m_when->addItem(tr("After %1").arg(run.name()), run.path);
    form.addRow(tr("W&hen"), m_when);
}

void NewRunDialog::addLength(QFormLayout& form)
{
    m_length = choice("runLength", tr("For how long"));
    for (const auto& [text, factor] : { std::pair{ tr("As the preset says"), 1. },
                                        { tr("A tenth of that"), 0.1 },
                                        { tr("Half of that"), 0.5 },
                                        { tr("Twice that"), 2. },
                                        { tr("Ten times that"), 10. },
                                        { tr("So many steps of each part"), 0. } })
        m_length->addItem(text, factor);
    m_steps = new QSpinBox;
    m_steps->setObjectName(QStringLiteral("runSteps"));
    m_steps->setAccessibleName(tr("Steps of each part"));
    m_steps->setRange(1, 100'000'000);
    m_steps->setValue(1000);
    m_steps->setGroupSeparatorShown(true);
    m_steps->hide();
    auto* label = new QLabel(tr("For how &long"));
    label->setBuddy(m_length);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_length, 1);
    row->addWidget(m_steps);
    form.addRow(label, row);
}

QWidget* NewRunDialog::makeRight()
{
    m_tabs = new QTabBar;
    m_tabs->setObjectName(QStringLiteral("pageTabs"));
    m_tabs->setAccessibleName(tr("Pictures and options"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_tabs->addTab(tr("Pictures"));
    m_tabs->addTab(tr("All Options"));
    m_pages = new QStackedWidget;
    m_pictures = new DatasetPreview(m_threads.pictures);
    m_options = new TrainingOptionsTable;
    m_pages->addWidget(m_pictures);
    m_pages->addWidget(m_options);
    auto* right = new QWidget;
    auto* layout = new QVBoxLayout(right);
    layout->setContentsMargins({});
    layout->setSpacing(12);
    layout->addWidget(m_tabs);
    layout->addWidget(m_pages, 1);
    return right;
}

QWidget* NewRunDialog::makeBottom()
{
    m_preflight = new PreflightView;
    m_problem = new QLabel;
    m_problem->setObjectName(QStringLiteral("runProblem"));
    m_problem->setProperty("danger", true);
    m_problem->setWordWrap(true);
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->hide();
    m_cancel = new QPushButton(tr("Cancel"));
    m_cancel->setObjectName(QStringLiteral("runCancel"));
    m_cancel->setProperty("tall", true);
    m_cancel->setAutoDefault(false);
    m_start = new QPushButton(tr("&Start"));
    m_start->setObjectName(QStringLiteral("runStart"));
    m_start->setProperty("primary", true);
    m_start->setDefault(true);
    m_start->setEnabled(false);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_problem, 1);
    buttons->addStretch();
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_start);
    auto* bottom = new QWidget;
    auto* layout = new QVBoxLayout(bottom);
    layout->setContentsMargins({});
    layout->setSpacing(12);
    layout->addWidget(m_preflight);
    layout->addLayout(buttons);
    return bottom;
}

void NewRunDialog::orderTabs()
{
    QWidget* before = m_preset;
    for (QWidget* next :
         { static_cast<QWidget*>(m_what), static_cast<QWidget*>(m_init),
           findChild<QWidget*>(QStringLiteral("runWeightsChoose")), static_cast<QWidget*>(m_data),
           findChild<QWidget*>(QStringLiteral("runDataChoose")), static_cast<QWidget*>(m_device),
           static_cast<QWidget*>(m_when), static_cast<QWidget*>(m_length), static_cast<QWidget*>(m_steps),
           static_cast<QWidget*>(m_name), static_cast<QWidget*>(m_tabs) }) {
        setTabOrder(before, next);
        before = next;
    }
}

} // namespace reverie::ui
