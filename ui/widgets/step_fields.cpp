// SPDX-License-Identifier: MIT
#include "ui/widgets/step_fields.h"

#include "ui/widgets/labelled_row.h"
#include "ui/widgets/number_field.h"

#include <QComboBox>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace reverie::ui {

namespace {

NumberRange rangeOf(const StageInfo& stage)
{
    const double most = std::max(stage.max_steps, 1);
    return { .minimum = 1,
             .maximum = most,
             .sliderMaximum = std::min(most, 4.0 * std::max(stage.default_steps, 1)) };
}

} // namespace

StepFields::StepFields(QWidget* parent)
    : QWidget(parent)
    , m_preset(new QComboBox)
    , m_layout(new QVBoxLayout(this))
    , m_fields{ new NumberField(tr("Prior"), tr("Denoising steps from the text to the picture's idea")) }
{
    m_fields[0]->setTakesLists(true);
    m_preset->addItem(tr("The model's own"), 1.0);
    m_preset->addItem(tr("Draft"), 0.5);
    m_preset->addItem(tr("Thorough"), 2.0);
    m_preset->addItem(tr("Custom"));
    m_preset->setToolTip(tr("How many steps every network takes"));
    m_layout->setContentsMargins({});
    m_layout->setSpacing(6);
    m_layout->addWidget(labelledRow(tr("Preset"), m_preset));
    m_layout->addWidget(m_fields[0]);
    connect(m_preset, &QComboBox::activated, this, &StepFields::applyPreset);
    connect(m_fields[0], &NumberField::changed, this, &StepFields::showPreset);
    connect(m_fields[0], &NumberField::changed, this, &StepFields::changed);
}

void StepFields::setStages(const StageInfo& prior, const std::vector<StageInfo>& stages)
{
    for (size_t i = 1; i < m_fields.size(); ++i)
        delete m_fields[i];
    m_fields.resize(1);
    m_stages = { prior };
    m_stages.insert(m_stages.end(), stages.begin(), stages.end());
    m_fields[0]->setRange(rangeOf(prior), prior.default_steps);
    for (const StageInfo& stage : stages) {
        auto* field
            = new NumberField(tr("%1 pixels").arg(stage.size),
                              tr("Denoising steps of the stage that draws %1 × %1 pixels").arg(stage.size));
        field->setTakesLists(true);
        field->setRange(rangeOf(stage), stage.default_steps);
        m_layout->addWidget(field);
        connect(field, &NumberField::changed, this, &StepFields::changed);
        connect(field, &NumberField::changed, this, &StepFields::showPreset);
        m_fields.push_back(field);
    }
    showPreset();
    Q_EMIT controlsChanged();
}

void StepFields::setSteps(std::optional<int> prior, const std::vector<int>& steps)
{
    m_fields[0]->choose(prior);
    for (size_t i = 1; i < m_fields.size(); ++i) {
        const size_t stage = steps.size() == 1 ? 0 : i - 1;
        m_fields[i]->choose(stage < steps.size() ? std::optional<double>(steps[stage]) : std::nullopt);
    }
    showPreset();
}

std::optional<int> StepFields::priorSteps() const
{
    return m_fields[0]->chosen<int>();
}

std::vector<int> StepFields::steps() const
{
    std::vector<int> steps;
    if (std::any_of(m_fields.begin() + 1, m_fields.end(),
                    [](const auto* field) { return !field->isDefault(); }))
        for (size_t i = 1; i < m_fields.size(); ++i)
            steps.push_back(static_cast<int>(m_fields[i]->value()));
    return steps;
}

QString StepFields::parameterOf(size_t field) const
{
    if (field == 0)
        return QStringLiteral("prior-steps");
    return m_fields.size() == 2 ? QStringLiteral("steps") : QStringLiteral("stage-%1-steps").arg(field);
}

std::map<QString, QString> StepFields::lists() const
{
    std::map<QString, QString> lists;
    for (size_t i = 0; i < m_fields.size(); ++i)
        if (const QString list = m_fields[i]->list(); !list.isEmpty())
            lists[parameterOf(i)] = list;
    return lists;
}

void StepFields::setLists(const std::map<QString, QString>& lists)
{
    for (size_t i = 0; i < m_fields.size(); ++i)
        if (const auto list = lists.find(parameterOf(i)); list != lists.end())
            m_fields[i]->setList(list->second);
}

std::vector<QWidget*> StepFields::controls() const
{
    std::vector<QWidget*> controls{ m_preset };
    controls.insert(controls.end(), m_fields.begin(), m_fields.end());
    return controls;
}

double StepFields::presetSteps(size_t field, double factor) const
{
    const StageInfo& stage = m_stages[field];
    return std::clamp(std::round(stage.default_steps * factor), 1.0,
                      static_cast<double>(std::max(1, stage.max_steps)));
}

void StepFields::applyPreset(int index)
{
    const QVariant factor = m_preset->itemData(index);
    if (!factor.isValid() || m_stages.empty())
        return;
    for (size_t i = 0; i < m_fields.size(); ++i)
        m_fields[i]->setValue(presetSteps(i, factor.toDouble()));
}

/// The preset that the steps make.
void StepFields::showPreset()
{
    if (m_stages.size() != m_fields.size())
        return;
    int shown = m_preset->count() - 1;
    for (int preset = shown - 1; preset >= 0; --preset) {
        bool same = true;
        for (size_t i = 0; i < m_fields.size(); ++i)
            same = same && m_fields[i]->list().isEmpty()
                && m_fields[i]->value() == presetSteps(i, m_preset->itemData(preset).toDouble());
        if (same)
            shown = preset;
    }
    const QSignalBlocker quiet(m_preset);
    m_preset->setCurrentIndex(shown);
}

} // namespace reverie::ui
