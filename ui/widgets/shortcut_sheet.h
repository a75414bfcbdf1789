// SPDX-License-Identifier: MIT
#pragma once

#include "ui/widgets/shortcuts.h"

#include <QDialog>

class QKeySequenceEdit;
class QLabel;
class QLineEdit;
class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace reverie::ui {

/// All keys of the window by page, to search and to change: choose an action, press the new keys.
class ShortcutSheet : public QDialog
{
    Q_OBJECT
public:
    explicit ShortcutSheet(Shortcuts& shortcuts, QWidget* parent = nullptr);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeEditor();
    void fill();
    void showMatching();
    void showKeys();
    void showCurrent();
    void take();
    void takeAway();
    void clear();
    void give(const QList<QKeySequence>& keys);
    void reset();
    void say(const QString& text, bool isTrouble = false);
    [[nodiscard]] const Shortcuts::Entry* current() const; ///< null for a page's heading

    Shortcuts& m_shortcuts;
    QLineEdit* m_search;
    QTreeWidget* m_list;
    QLabel* m_name;
    QKeySequenceEdit* m_keys;
    QPushButton* m_take; ///< from the action that has them
    QPushButton* m_clear;
    QPushButton* m_reset;
    QLabel* m_answer;
    QKeySequence m_wanted; ///< taken by another action
};

} // namespace reverie::ui
