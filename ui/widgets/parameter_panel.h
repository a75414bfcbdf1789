// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/settings.h"

#include "core/api/model_info.h"

#include <QFrame>

class QAction;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace reverie::ui {

class BlendPanel;
class NumberField;
class PromptBox;

/// Everything that decides what is drawn. A draft holds only what differs from the model's defaults.
class ParameterPanel : public QFrame
{
    Q_OBJECT
public:
    explicit ParameterPanel(QWidget* parent = nullptr);

    void setModel(const ModelInfo& model);
    void setDraft(const Settings::Draft& draft);
    [[nodiscard]] Settings::Draft draft() const;
    void setPrompt(const QString& prompt);
    void setSeed(std::optional<quint64> seed);
    /// The seed of the newest run, for "use the last seed again".
    void setLastSeed(quint64 seed);
    void resetToDefaults();
    /// While drawing there is `Stop`, and `Draw` adds to the queue.
    void setDrawing(bool drawing);
    void setReady(bool ready);
    void setUnknownWords(const QStringList& words);

    [[nodiscard]] BlendPanel& blendPanel() const { return *m_blend; }
    [[nodiscard]] PromptBox& promptBox() const { return *m_prompt; }
    void setActions(QAction* draw, QAction* stop);

Q_SIGNALS:
    void changed();
    void promptChanged(const QString& prompt);
    void historyWanted(); ///< a list of earlier prompts

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeHeader();
    QWidget* makeFields();
    QWidget* makeSeedField();
    QWidget* makeChoice(const QString& name, QComboBox* box);
    void makeChoices();
    void connectFields();
    void setStages(const std::vector<StageInfo>& stages);
    void orderTabs();
    void showNote();
    void enableEta();
    void enableCount();
    void makePresets();
    void applyPreset(int index);
    void showPreset();

    PromptBox* m_prompt;
    QToolButton* m_history;
    QLineEdit* m_negative;
    QComboBox* m_board;
    QComboBox* m_preset;
    BlendPanel* m_blend;
    QLabel* m_note;
    QPushButton* m_draw;
    QPushButton* m_stop;
    NumberField* m_count;
    QLineEdit* m_seed;
    QToolButton* m_dice;
    QToolButton* m_reuse;
    NumberField* m_condScale;
    NumberField* m_priorCondScale;
    NumberField* m_priorSteps;
    NumberField* m_candidates;
    std::vector<NumberField*> m_steps; ///< by decoder stage
    QVBoxLayout* m_stepsLayout;
    QComboBox* m_sampler;
    NumberField* m_eta;
    QComboBox* m_device;
    QPushButton* m_reset;
    std::vector<StageInfo> m_stages; ///< [0] is the prior
    Settings::Draft m_wanted; ///< what was set before there was a model to set it in
    QString m_defaultSampler;
    QStringList m_unknownWords;
    std::optional<quint64> m_lastSeed;
    bool m_hasModel = false;
};

} // namespace reverie::ui
