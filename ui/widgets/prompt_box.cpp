// SPDX-License-Identifier: MIT
#include "ui/widgets/prompt_box.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QKeyEvent>
#include <QListView>
#include <QMimeData>
#include <QStringListModel>

namespace reverie::ui {

PromptBox::PromptBox(QWidget* parent)
    : QPlainTextEdit(parent)
    , m_completer(new QCompleter(this))
    , m_completions(new QStringListModel(m_completer))
{
    setTabChangesFocus(true);
    setPlaceholderText(tr("Describe a picture…"));
    setAccessibleName(tr("Prompt"));
    setAccessibleDescription(tr("What to draw. Ctrl+Enter draws it, Alt+Up brings back the prompt before."));
    auto* popup = new QListView;
    popup->setProperty("completions", true);
    popup->setAccessibleName(tr("Captions the model knows"));
    m_completer->setPopup(popup);
    m_completer->setModel(m_completions);
    m_completer->setCompletionMode(QCompleter::UnfilteredPopupCompletion);
    m_completer->setWidget(this);
    connect(m_completer, qOverload<const QString&>(&QCompleter::activated), this, &PromptBox::complete);
}

bool PromptBox::isCompleting() const
{
    return m_completer->popup()->isVisible();
}

void PromptBox::showCompletions(const QStringList& completions)
{
    if (!m_typing || completions.isEmpty() || !hasFocus()) {
        m_completer->popup()->hide();
        return;
    }
    m_completions->setStringList(completions);
    m_completer->complete(rect().adjusted(0, 0, 0, 4));
}

void PromptBox::complete(const QString& completion)
{
    m_typing = false;
    QTextCursor cursor(document());
    cursor.select(QTextCursor::Document);
    cursor.insertText(completion);
    setTextCursor(cursor);
}

void PromptBox::keyPressEvent(QKeyEvent* event)
{
    if (isCompleting() && event->modifiers() == Qt::NoModifier) {
        switch (event->key()) {
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if (m_completer->popup()->currentIndex().isValid()) {
                event->ignore(); // for the completer
                return;
            }
            m_completer->popup()->hide();
            break;
        case Qt::Key_Escape:
        case Qt::Key_Tab:
        case Qt::Key_Backtab:
            event->ignore();
            return;
        default:
            break;
        }
    }
    if (event->modifiers() == Qt::ControlModifier
        && (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)) {
        event->ignore();
        return;
    }
    if (event->modifiers().testFlag(Qt::AltModifier)
        && (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down)) {
        event->key() == Qt::Key_Up ? Q_EMIT olderWanted() : Q_EMIT newerWanted();
        return;
    }
    m_typing = !event->text().isEmpty();
    QPlainTextEdit::keyPressEvent(event);
}

void PromptBox::focusOutEvent(QFocusEvent* event)
{
    if (event->reason() != Qt::PopupFocusReason)
        m_typing = false;
    QPlainTextEdit::focusOutEvent(event);
}

bool PromptBox::canInsertFromMimeData(const QMimeData* source) const
{
    return !source->hasUrls() && !source->hasImage() && source->hasText();
}

void PromptBox::insertFromMimeData(const QMimeData* source)
{
    insertPlainText(source->text());
}

} // namespace reverie::ui
