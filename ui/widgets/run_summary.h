// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_state.h"

#include <QWidget>

class QFrame;
class QHBoxLayout;
class QLabel;

namespace reverie::ui {

/// The numbers of a run at this moment, and a sentence on what of it can't be read.
class RunSummary : public QWidget
{
    Q_OBJECT
public:
    explicit RunSummary(QWidget* parent = nullptr);
    void setState(const RunState& state);
    /// A sentence in place of the run's own; empty: none.
    void showNotice(const QString& text);

private:
    struct Number {
        QWidget* box;
        QLabel* value;
    };

    Number makeNumber(const QString& id, const QString& name);

    QHBoxLayout* m_row;
    Number m_left;
    QList<Number> m_numbers;
    QFrame* m_noticeBox;
    QLabel* m_notice;
};

} // namespace reverie::ui
