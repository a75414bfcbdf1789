// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_state.h"

#include <QFrame>

class QHBoxLayout;
class QLabel;
class QProgressBar;

namespace reverie::ui {

class IconLabel;

/// How a run is doing at this moment: its state, how far it is, what is left, and its newest numbers.
class RunHeader : public QFrame
{
    Q_OBJECT
public:
    explicit RunHeader(QWidget* parent = nullptr);
    void setState(const RunState& state);
    /// For several runs: a title and nothing else.
    void showTitle(const QString& title);
    /// A sentence under the numbers; none: the run's own.
    void showNotice(const QString& text);

private:
    struct Number {
        QWidget* box;
        QLabel* value;
    };

    Number makeNumber(const QString& id, const QString& name);
    void showProgress(const RunState& state);
    void showNumbers(const RunState& state);

    QLabel* m_name;
    QLabel* m_state;
    QLabel* m_progress;
    QLabel* m_left;
    QProgressBar* m_bar;
    QHBoxLayout* m_row;
    QList<Number> m_numbers;
    QWidget* m_noticeBox;
    QLabel* m_notice;
};

/// "running", "finished", ... for people, also where the process behind a state is gone.
QString stateText(const RunState& state);

} // namespace reverie::ui
