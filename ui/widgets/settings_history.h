// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/settings.h"

#include <QObject>
#include <QTimer>
#include <QUndoStack>

class QAction;
class QWidget;

namespace reverie::ui {

class ParameterPanel;

/// Undo and redo of what is set on the Create page: a number moved, a preset, all of a picture's settings
/// taken over is one step each. What is typed into the prompt has steps of its own there and stays as it is.
class SettingsHistory : public QObject
{
    Q_OBJECT
public:
    explicit SettingsHistory(ParameterPanel& panel, QObject* parent = nullptr);

    /// Actions whose texts name the step, "Undo Guidance".
    QAction* makeUndo(QObject* parent);
    QAction* makeRedo(QObject* parent);
    /// What is set now came from elsewhere: from the last start, or a model's defaults.
    void accept();

private:
    class Step;
    void look();
    [[nodiscard]] bool promptIs(const Settings::Draft& draft) const; ///< nothing was typed since
    void apply(const Settings::Draft& draft, bool withPrompt);

    ParameterPanel& m_panel;
    QUndoStack m_steps;
    QTimer m_lookSoon; ///< several fields that change together are one step
    Settings::Draft m_now;
    bool m_applying = false;
};

/// For fields whose changes are steps of the page: Ctrl+Z there goes to the page.
void leaveUndoToThePage(QWidget& field);

} // namespace reverie::ui
