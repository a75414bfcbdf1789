// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_entry.h"

#include <QFrame>

class QHBoxLayout;
class QLabel;
class QProgressBar;
class QToolButton;

namespace reverie::ui {

class FlowLayout;

/// What a run is called, how it stands and why, above what can be done with it.
class RunHeader : public QFrame
{
    Q_OBJECT
public:
    explicit RunHeader(QWidget* parent = nullptr);
    void show(const RunEntry& run);
    void showCompared(int runs);
    /// A button with a name for the action; it goes where the action is disabled too.
    QToolButton* addButton(QAction* action);

private:
    void showReason(const RunEntry& run);

    QLabel* m_name;
    QLabel* m_state;
    QLabel* m_facts;
    QLabel* m_reason;
    QProgressBar* m_bar;
    QHBoxLayout* m_buttons;
};

} // namespace reverie::ui
