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

namespace reverie::ui {

class BlendPanel;
class NumberField;
class PromptBox;
class SeedField;
class StepFields;

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
    /// How many pictures are asked for in all, where lists and templates make more than one of what is set.
    void setSetSize(qint64 pictures);

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
    QWidget* makeNumbers();
    void makeChoices();
    void connectFields();
    void orderTabs();
    void showNote();
    [[nodiscard]] std::vector<std::pair<QString, NumberField*>> listFields() const;
    void enableEta();
    void enableCount();

    PromptBox* m_prompt;
    QToolButton* m_history;
    QLineEdit* m_negative;
    QComboBox* m_board;
    BlendPanel* m_blend;
    QLabel* m_note;
    QPushButton* m_draw;
    QPushButton* m_stop;
    QAction* m_drawAction = nullptr;
    QAction* m_stopAction = nullptr;
    NumberField* m_count;
    SeedField* m_seed;
    QWidget* m_numbers = nullptr;
    NumberField* m_condScale;
    NumberField* m_priorCondScale;
    StepFields* m_steps;
    NumberField* m_candidates;
    QComboBox* m_sampler;
    NumberField* m_eta;
    QComboBox* m_device;
    QPushButton* m_reset;
    Settings::Draft m_wanted; ///< what was set before there was a model to set it in
    QString m_defaultSampler;
    QStringList m_unknownWords;
    qint64 m_setSize = 1;
    bool m_hasModel = false;
};

} // namespace reverie::ui
