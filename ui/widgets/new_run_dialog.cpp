// SPDX-License-Identifier: MIT
#include "ui/widgets/new_run_dialog.h"

#include "ui/session/path.h"
#include "ui/widgets/dataset_preview.h"
#include "ui/widgets/preflight_view.h"
#include "ui/widgets/training_options_table.h"

#include "core/api/training_run.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/run/run_list.h"

#include <QComboBox>
#include <QFileDialog>
#include <QJsonDocument>
#include <QJsonValue>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTabBar>

#include <algorithm>

// What the dialog does; how it looks is in new_run_dialog_form.cpp.
namespace reverie::ui {

namespace {

constexpr int resolve_delay_ms = 250;
const QString whenFree = QStringLiteral("free");

/// The value of an option, without the quotes of JSON.
QString textOf(const std::vector<TrainingOption>& options, const char* key)
{
    for (const TrainingOption& option : options)
        if (option.key == key)
            return QJsonDocument::fromJson('[' + QByteArray::fromStdString(option.value) + ']')[0].toString();
    return {};
}

int stagesOf(const std::vector<TrainingOption>& options)
{
    int stages = 0;
    for (const TrainingOption& option : options)
        stages += option.key.starts_with("unet") && option.key.ends_with(".steps") ? 1 : 0;
    return stages;
}

} // namespace

NewRunDialog::Threads::Threads()
{
    for (QThreadPool* pool : { &options, &pictures, &preview })
        pool->setMaxThreadCount(1);
    pictures.setMaxThreadCount(2); // a look at one data set can't be broken off when another is wanted
}

NewRunDialog::Threads::~Threads()
{
    for (QThreadPool* pool : { &options, &pictures, &preview }) {
        pool->clear(); // what nobody wants to know any more
        pool->waitForDone();
    }
}

NewRunDialog::NewRunDialog(const QList<RunEntry>& runs, Threads& threads,
                           const std::optional<RunOrder>& again, QWidget* parent)
    : QDialog(parent)
    , m_threads(threads)
    , m_runs(runs)
    , m_answers(again ? RunQuestions::of(*again) : RunQuestions())
    , m_learning(threads.options)
    , m_resolving(threads.options)
    , m_previewing(threads.preview)
{
    setWindowTitle(again ? tr("Train again with changes") : tr("New training run"));
    m_soon.setSingleShot(true);
    m_soon.setInterval(resolve_delay_ms);
    makeForm();
    connectFields();
    learnWhatThereIs();
}

void NewRunDialog::connectFields()
{
    for (QComboBox* box : { m_preset, m_what, m_device, m_length, m_when })
        connect(box, &QComboBox::currentIndexChanged, this, &NewRunDialog::change);
    connect(m_preset, &QComboBox::currentIndexChanged, m_data, [this] { m_data->clearEditText(); });
    connect(m_data, &QComboBox::editTextChanged, this, &NewRunDialog::change);
    for (QLineEdit* field : { m_init, m_name })
        connect(field, &QLineEdit::textChanged, this, &NewRunDialog::change);
    connect(m_steps, &QSpinBox::valueChanged, this, &NewRunDialog::change);
    connect(&m_soon, &QTimer::timeout, this, &NewRunDialog::resolve);
    connect(m_tabs, &QTabBar::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
    connect(m_options, &TrainingOptionsTable::changeWanted, this,
            [this](const QString& key, const QString& value) {
                m_newest = { key, m_answers.changes.value(key) };
                if (value.isEmpty())
                    m_answers.changes.remove(key);
                else
                    m_answers.changes[key] = value;
                change();
            });
    connect(m_preflight, &PreflightView::suggestionWanted, this, &NewRunDialog::takeSuggestion);
    connect(m_start, &QPushButton::clicked, this, &NewRunDialog::start);
    connect(m_cancel, &QPushButton::clicked, this, &QDialog::reject);
}

/// Presets and devices. Looking at the system loads the model library.
void NewRunDialog::learnWhatThereIs()
{
    m_learning.start(
        [](const std::stop_token&, const JobRunner::Post&) {
            Known known;
            for (const auto& preset : training_presets())
                known.presets << QString::fromStdString(preset);
            for (const DeviceInfo& device : inspect_system().devices)
                known.devices << device;
            return known;
        },
        [this](const Known& known) { show(known); }, [this](const QString& text) { showProblem(text); });
}

void NewRunDialog::show(const Known& known)
{
    {
        const QSignalBlocker quiet(m_preset);
        for (const QString& preset : known.presets)
            m_preset->addItem(preset, preset);
        m_preset->setCurrentIndex(
            m_answers.configuration.isEmpty() ? std::max(0, m_preset->findData(QStringLiteral("emoji"))) : 0);
    }
    const QSignalBlocker quiet(m_device);
    for (const DeviceInfo& device : known.devices)
        if (const QString name = QString::fromStdString(device.name); m_device->findData(name) < 0)
            m_device->addItem(tr("%1, %2").arg(name, QString::fromStdString(device.description)), name);
    m_device->setCurrentIndex(std::max(0, m_device->findData(m_answers.device)));
    resolve();
}

RunQuestions NewRunDialog::questions() const
{
    RunQuestions questions = m_answers;
    questions.preset = m_preset->currentData().toString();
    const QStringList what = m_what->currentData().toString().split(QLatin1Char(' '));
    questions.what = what.value(0);
    questions.unet = what.value(1).toInt();
    questions.data = m_data->currentText().trimmed();
    questions.init = m_init->text().trimmed();
    questions.device = m_device->currentData().toString();
    questions.length = {};
    if (m_length->currentData().toDouble() > 0)
        questions.length.factor = m_length->currentData().toDouble();
    else
        questions.length.steps = m_steps->value();
    questions.name = m_name->text().trimmed();
    findPlace(questions);
    return questions;
}

/// On which device, behind which run. Where any GPU will do, runs spread over them.
void NewRunDialog::findPlace(RunQuestions& questions) const
{
    QStringList gpus;
    for (int i = 0; i < m_device->count(); ++i)
        if (m_device->itemData(i).toString().startsWith(QLatin1String("cuda")))
            gpus << m_device->itemData(i).toString();
    const bool anyDevice = questions.device == QLatin1String("auto");
    const QString when = m_when->currentData().toString();
    if (when != whenFree) {
        questions.after = when;
        if (anyDevice && gpus.size() > 1)
            questions.device = deviceBehind(m_runs, when, gpus);
        return;
    }
    const QStringList devices = !anyDevice ? QStringList{ questions.device }
        : gpus.isEmpty()                   ? QStringList{ QStringLiteral("cpu") }
                                           : gpus;
    const QueuePlace place = queuePlace(m_runs, devices);
    questions.device = place.device;
    questions.after = place.after;
}

TrainRequest NewRunDialog::requestOf(const RunOrder& order) const
{
    TrainRequest request = order.request;
    request.after.clear();
    if (!order.configuration.isEmpty())
        request.config = toPath(m_folder.filePath(QStringLiteral("copied-run.json")));
    return request;
}

void NewRunDialog::change()
{
    const bool counted = m_length->currentData().toDouble() <= 0;
    m_steps->setVisible(counted);
    m_start->setEnabled(false);
    m_preflight->showWorking();
    m_resolving.silence(); // what it finds is of other answers
    m_previewing.silence();
    m_soon.start();
}

void NewRunDialog::resolve()
{
    m_start->setEnabled(false);
    m_resolving.start(
        [questions = questions(), bare = requestOf(questions().bareOrder()),
         configuration = m_answers.configuration](const std::stop_token&, const JobRunner::Post&) {
            if (!configuration.isEmpty())
                write_file(bare.config, configuration.toStdString());
            Resolved resolved;
            resolved.base = training_options(bare);
            TrainRequest request = bare;
            request.set = questions.order(resolved.base).request.set;
            resolved.options = request.set.empty() ? resolved.base : training_options(request);
            return resolved;
        },
        [this](const Resolved& resolved) { show(resolved); },
        [this](const QString& text) {
            if (m_newest.first.isEmpty()) {
                showProblem(text);
                return;
            }
            // A value that can't be leaves the one before it.
            if (m_newest.second.isEmpty())
                m_answers.changes.remove(m_newest.first);
            else
                m_answers.changes[m_newest.first] = m_newest.second;
            m_newest = {};
            resolve();
            m_refused = text;
        });
}

void NewRunDialog::show(const Resolved& resolved)
{
    m_newest = {};
    m_base = resolved.base;
    m_options->setOptions(resolved.options);
    m_tabs->setTabText(1, tr("All Options (%1)").arg(resolved.options.size()));
    m_description->setText(textOf(resolved.options, "description"));
    const QString data = textOf(resolved.options, "data");
    m_pictures->setData(data);
    m_data->lineEdit()->setPlaceholderText(data);
    showStages(stagesOf(resolved.options));
    m_problem->setVisible(!m_refused.isEmpty());
    m_problem->setText(std::exchange(m_refused, {}));
    preview();
}

/// What can be trained alone follows from how many stages the decoder has.
void NewRunDialog::showStages(int stages)
{
    const QSignalBlocker quiet(m_what);
    const QString chosen = m_what->currentData().toString();
    for (int i = m_what->count() - 1; i >= 0; --i)
        if (m_what->itemData(i).toString().startsWith(QLatin1String("decoder ")))
            m_what->removeItem(i);
    const int behind = m_what->findData(QStringLiteral("decoder")) + 1;
    for (int stage = stages; stages > 1 && stage > 0; --stage)
        m_what->insertItem(behind, tr("Only decoder stage %1").arg(stage),
                           QStringLiteral("decoder %1").arg(stage));
    m_what->setCurrentIndex(std::max(0, m_what->findData(chosen)));
}

RunOrder NewRunDialog::finalOrder() const
{
    const RunQuestions answers = questions();
    RunOrder order = answers.order(m_base);
    order.request.run
        = answers.name.isEmpty() ? new_run_folder(order.request.what) : runFolderNamed(answers.name);
    return order;
}

void NewRunDialog::preview()
{
    m_preflight->showWorking();
    TrainRequest request;
    try {
        request = requestOf(finalOrder());
    } catch (const Error& error) {
        showProblem(QString::fromUtf8(error.what()));
        return;
    }
    m_previewing.start(
        [request](const std::stop_token& stop, const JobRunner::Post&) { return preview_run(request, stop); },
        [this](const RunPreview& preview) {
            m_preflight->show(preview);
            m_start->setEnabled(true);
        },
        [this](const QString& text) { m_preflight->showError(text); });
}

void NewRunDialog::takeSuggestion(const QStringList& settings)
{
    for (const QString& setting : settings)
        m_answers.changes[setting.section(QLatin1Char('='), 0, 0)] = setting.section(QLatin1Char('='), 1);
    change();
}

void NewRunDialog::chooseFolder()
{
    auto* dialog = new QFileDialog(this, tr("On which pictures"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, m_data, &QComboBox::setEditText);
    dialog->open();
}

void NewRunDialog::chooseWeights()
{
    auto* dialog = new QFileDialog(this, tr("Which weights"), {}, tr("Models (*.safetensors)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, m_init, &QLineEdit::setText);
    dialog->open();
}

void NewRunDialog::showProblem(const QString& text)
{
    m_problem->setText(text);
    m_problem->show();
    m_start->setEnabled(false);
    m_preflight->showError({});
}

void NewRunDialog::start()
{
    try {
        Q_EMIT startWanted(finalOrder());
        accept();
    } catch (const Error& error) {
        showProblem(QString::fromUtf8(error.what()));
    }
}

} // namespace reverie::ui
