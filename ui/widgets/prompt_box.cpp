// SPDX-License-Identifier: MIT
#include "ui/widgets/prompt_box.h"

#include "core/api/prompt_expansion.h"
#include "core/api/prompt_weights.h"

#include <QAbstractItemView>
#include <QAction>
#include <QCompleter>
#include <QKeyEvent>
#include <QListView>
#include <QMimeData>
#include <QRegularExpression>
#include <QStringListModel>

namespace reverie::ui {

namespace {

constexpr double weight_step = 0.1;

} // namespace

PromptBox::PromptBox(QWidget* parent)
    : QPlainTextEdit(parent)
    , m_completer(new QCompleter(this))
    , m_completions(new QStringListModel(m_completer))
{
    setTabChangesFocus(true);
    setPlaceholderText(tr("Describe a picture…"));
    setAccessibleName(tr("Prompt"));
    setAccessibleDescription(tr("What to draw. Ctrl+Enter draws it, Alt+Up brings back the prompt before, "
                                "Ctrl+Up and Ctrl+Down weight a word."));
    addKey(tr("The Prompt Before"), Qt::ALT | Qt::Key_Up, [this] { Q_EMIT olderWanted(); });
    addKey(tr("The Prompt After"), Qt::ALT | Qt::Key_Down, [this] { Q_EMIT newerWanted(); });
    addKey(tr("The Word Counts for More"), Qt::CTRL | Qt::Key_Up, [this] { changeWeight(weight_step); });
    addKey(tr("The Word Counts for Less"), Qt::CTRL | Qt::Key_Down, [this] { changeWeight(-weight_step); });
    auto* popup = new QListView;
    popup->setProperty("completions", true);
    popup->setAccessibleName(tr("Captions the model knows"));
    m_completer->setPopup(popup);
    m_completer->setModel(m_completions);
    m_completer->setCompletionMode(QCompleter::UnfilteredPopupCompletion);
    m_completer->setWidget(this);
    connect(m_completer, qOverload<const QString&>(&QCompleter::activated), this, &PromptBox::complete);
}

void PromptBox::addKey(const QString& text, const QKeySequence& keys, const std::function<void()>& run)
{
    auto* action = new QAction(text, this);
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetShortcut);
    connect(action, &QAction::triggered, this, run);
    addAction(action);
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
    cursor.insertText(QString::fromStdString(template_of({ escape_weights(completion.toStdString()) })));
    setTextCursor(cursor);
}

void PromptBox::markWords(const QStringList& words)
{
    QList<QTextEdit::ExtraSelection> marks;
    for (const QString& word : words) {
        const QRegularExpression whole(
            QStringLiteral("(?<![\\p{L}\\p{N}])%1(?![\\p{L}\\p{N}])").arg(QRegularExpression::escape(word)),
            QRegularExpression::UseUnicodePropertiesOption);
        for (QTextCursor found = document()->find(whole); !found.isNull();
             found = document()->find(whole, found)) {
            QTextEdit::ExtraSelection mark;
            mark.cursor = found;
            mark.format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
            mark.format.setUnderlineColor(QColor(0xd0, 0x6a, 0x1e));
            marks << mark;
        }
    }
    setExtraSelections(marks);
}

QTextCursor PromptBox::weightedPart() const
{
    QTextCursor part = textCursor();
    if (part.hasSelection())
        return part;
    const QString text = toPlainText();
    static const QRegularExpression weighted(QStringLiteral("\\(([^()]*):[0-9.]+\\)"));
    for (auto matches = weighted.globalMatch(text); matches.hasNext();) {
        const auto match = matches.next();
        if (match.capturedStart() > part.position() || match.capturedEnd() < part.position())
            continue;
        part.setPosition(static_cast<int>(match.capturedStart(1)));
        part.setPosition(static_cast<int>(match.capturedEnd(1)), QTextCursor::KeepAnchor);
        return part;
    }
    part.select(QTextCursor::WordUnderCursor);
    return part;
}

void PromptBox::changeWeight(double step)
{
    if (!m_weightProblem.isEmpty()) {
        Q_EMIT weightRefused(m_weightProblem);
        return;
    }
    const QTextCursor part = weightedPart();
    if (part.selectedText().trimmed().isEmpty())
        return;
    const QString text = toPlainText();
    if (part.selectedText().trimmed() == text.trimmed()) {
        Q_EMIT weightRefused(
            tr("A weight sets a part of the prompt off from the rest; choose a part of it."));
        return;
    }
    const auto bytes
        = [&text](int characters) { return static_cast<size_t>(text.left(characters).toUtf8().size()); };
    const ChangedWeight changed
        = change_weight(text.toStdString(), bytes(part.selectionStart()), bytes(part.selectionEnd()), step);
    const auto characters = [&changed](size_t bytes) {
        return static_cast<int>(QString::fromUtf8(changed.prompt.data(), qsizetype(bytes)).size());
    };
    QTextCursor cursor(document());
    cursor.select(QTextCursor::Document);
    cursor.insertText(QString::fromStdString(changed.prompt));
    cursor.setPosition(characters(changed.begin));
    cursor.setPosition(characters(changed.end), QTextCursor::KeepAnchor);
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
