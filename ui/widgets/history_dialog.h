// SPDX-License-Identifier: MIT
#pragma once

#include <QDialog>

class QLineEdit;
class QListWidget;

namespace reverie::ui {

class PromptHistory;

/// Earlier prompts, newest first, to search and choose from. The field has the keyboard; arrows move in the
/// list and Enter chooses.
class HistoryDialog : public QDialog
{
    Q_OBJECT
public:
    explicit HistoryDialog(const PromptHistory& history, QWidget* parent = nullptr);

Q_SIGNALS:
    void chosen(const QString& prompt);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void showMatching();
    void choose();

    const PromptHistory& m_history;
    QLineEdit* m_search;
    QListWidget* m_list;
};

} // namespace reverie::ui
