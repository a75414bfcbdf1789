// SPDX-License-Identifier: MIT
#pragma once

#include <QPlainTextEdit>

class QCompleter;
class QStringListModel;

namespace reverie::ui {

/// The prompt, with a list of captions to complete it from. Tab leaves it; Ctrl+Enter is left to the window.
class PromptBox : public QPlainTextEdit
{
    Q_OBJECT
public:
    explicit PromptBox(QWidget* parent = nullptr);

    /// Shown if the person is still typing; an empty list closes it.
    void showCompletions(const QStringList& completions);
    [[nodiscard]] bool isCompleting() const;

Q_SIGNALS:
    void olderWanted(); ///< Alt+Up
    void newerWanted(); ///< Alt+Down

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool canInsertFromMimeData(const QMimeData* source) const override;
    void insertFromMimeData(const QMimeData* source) override;

private:
    void complete(const QString& completion);

    QCompleter* m_completer;
    QStringListModel* m_completions;
    bool m_typing = false;
};

} // namespace reverie::ui
