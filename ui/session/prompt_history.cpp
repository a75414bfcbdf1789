// SPDX-License-Identifier: MIT
#include "ui/session/prompt_history.h"

#include <QSettings>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int most_prompts = 500;
const QString historyKey = QStringLiteral("promptHistory");

} // namespace

PromptHistory::PromptHistory()
    : m_prompts(QSettings().value(historyKey).toStringList())
{
}

void PromptHistory::add(const QString& prompt)
{
    m_position = -1;
    if (prompt.isEmpty() || (!m_prompts.isEmpty() && m_prompts.first() == prompt))
        return;
    m_prompts.removeAll(prompt);
    m_prompts.prepend(prompt);
    m_prompts = m_prompts.mid(0, most_prompts);
    QSettings().setValue(historyKey, m_prompts);
}

QStringList PromptHistory::matching(const QString& text) const
{
    const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    QStringList found;
    std::copy_if(m_prompts.begin(), m_prompts.end(), std::back_inserter(found),
                 [&words](const QString& prompt) {
                     return std::all_of(words.begin(), words.end(), [&prompt](const QString& word) {
                         return prompt.contains(word, Qt::CaseInsensitive);
                     });
                 });
    return found;
}

QString PromptHistory::older(const QString& typed)
{
    if (m_position < 0)
        m_typed = typed;
    int next = m_position + 1;
    if (m_position < 0 && next < m_prompts.size() && m_prompts.at(next) == typed)
        ++next; // it is on the screen already
    if (next >= m_prompts.size())
        return {};
    m_position = next;
    return m_prompts.at(m_position);
}

QString PromptHistory::newer()
{
    if (m_position < 0)
        return {};
    --m_position;
    return m_position < 0 ? m_typed : m_prompts.at(m_position);
}

} // namespace reverie::ui
