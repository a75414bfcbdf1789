// SPDX-License-Identifier: MIT
#pragma once

#include <QPlainTextEdit>

#include <functional>

class QCompleter;
class QStringListModel;

namespace reverie::ui {

/// The prompt, with a list of captions to complete it from. Tab leaves it; Ctrl+Enter is left to the window.
/// Ctrl+Up and Ctrl+Down make the selection, or the word at the cursor, count for more or less.
class PromptBox : public QPlainTextEdit
{
    Q_OBJECT
public:
    explicit PromptBox(QWidget* parent = nullptr);

    /// Shown if the person is still typing; an empty list closes it.
    void showCompletions(const QStringList& completions);
    [[nodiscard]] bool isCompleting() const;
    /// Underlines them wherever they stand.
    void markWords(const QStringList& words);
    /// Why nothing can be weighted, in a sentence; empty if it can.
    void setWeightProblem(const QString& problem) { m_weightProblem = problem; }

Q_SIGNALS:
    void olderWanted();
    void newerWanted();
    void weightRefused(const QString& problem);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool canInsertFromMimeData(const QMimeData* source) const override;
    void insertFromMimeData(const QMimeData* source) override;

private:
    void addKey(const QString& text, const QKeySequence& keys, const std::function<void()>& run);
    void complete(const QString& completion);
    void changeWeight(double step);
    /// The selection, or the words in brackets around the cursor, or the word at it.
    [[nodiscard]] QTextCursor weightedPart() const;

    QCompleter* m_completer;
    QStringListModel* m_completions;
    bool m_typing = false;
    QString m_weightProblem;
};

} // namespace reverie::ui
