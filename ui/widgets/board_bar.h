// SPDX-License-Identifier: MIT
#pragma once

#include <QFrame>

class QAction;
class QHBoxLayout;
class QLabel;

namespace reverie::ui {

/// How many of a board's candidates are picked, and what can be done with them.
class BoardBar : public QFrame
{
    Q_OBJECT
public:
    explicit BoardBar(QWidget* parent = nullptr);
    void addAction(QAction* action);
    void show(int candidates, int drawn, int picks, int finished);

private:
    QHBoxLayout* m_layout;
    QLabel* m_text;
};

} // namespace reverie::ui
