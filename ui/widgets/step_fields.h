// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/model_info.h"

#include <QWidget>

#include <map>

class QComboBox;
class QVBoxLayout;

namespace reverie::ui {

class NumberField;

/// How many steps every network takes, and presets that set them all.
class StepFields : public QWidget
{
    Q_OBJECT
public:
    explicit StepFields(QWidget* parent = nullptr);

    /// The model's. What was set stays where the model has it.
    void setStages(const StageInfo& prior, const std::vector<StageInfo>& stages);
    /// Of each stage, or one for all; what is not given is the model's default.
    void setSteps(std::optional<int> prior, const std::vector<int>& steps);
    /// Nothing for the model's default.
    [[nodiscard]] std::optional<int> priorSteps() const;
    [[nodiscard]] std::vector<int> steps() const; ///< likewise empty
    /// Numbers to draw with one after the other, by Axis::parameter.
    [[nodiscard]] std::map<QString, QString> lists() const;
    void setLists(const std::map<QString, QString>& lists);
    [[nodiscard]] std::vector<QWidget*> controls() const; ///< in the order of the tab key

Q_SIGNALS:
    void changed();
    void controlsChanged();

private:
    [[nodiscard]] QString parameterOf(size_t field) const;
    [[nodiscard]] double presetSteps(size_t field, double factor) const;
    void applyPreset(int index);
    void showPreset();

    QComboBox* m_preset;
    QVBoxLayout* m_layout;
    std::vector<NumberField*> m_fields; ///< [0] is the prior's
    std::vector<StageInfo> m_stages; ///< likewise
};

} // namespace reverie::ui
