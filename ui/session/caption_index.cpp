// SPDX-License-Identifier: MIT
#include "ui/session/caption_index.h"

#include <QRegularExpression>

#include <algorithm>
#include <array>

namespace reverie::ui {

namespace {

constexpr int shown_completions = 8;
constexpr int longest_completed_text = 200;

QStringList words(const QString& text)
{
    static const QRegularExpression separators(QStringLiteral("[^\\p{L}\\p{N}\\p{S}\\p{M}’'-]+"));
    return text.split(separators, Qt::SkipEmptyParts);
}

/// A prompt without what stands for other words: counts, wildcards, ranges and comments of a template.
QString withoutTemplates(QString prompt)
{
    static const QRegularExpression parts(
        QStringLiteral("\\d+(-\\d+)?\\$\\$|__[\\w /.-]+?__|\\{[-\\d. ]+\\}|(^|\\s)#.*$|\\|"),
        QRegularExpression::MultilineOption);
    return prompt.replace(parts, QStringLiteral(" "));
}

/// 0: begins with it, 1: a word of it does, 2: contains it, 3: nothing of the kind
int rank(const QString& caption, const QString& text)
{
    const auto at = caption.indexOf(text);
    if (at < 0)
        return 3;
    if (at == 0)
        return 0;
    return caption.contains(QLatin1Char(' ') + text) ? 1 : 2;
}

} // namespace

CaptionIndex::CaptionIndex(const std::vector<std::string>& captions)
{
    for (const std::string& caption : captions)
        m_captions << QString::fromStdString(caption);
    m_captions.removeDuplicates();
    for (const QString& caption : m_captions) {
        m_folded << caption.toCaseFolded();
        m_words << words(m_folded.back());
    }
    m_words.removeDuplicates();
    m_words.sort();
}

QStringList CaptionIndex::matches(const QString& text, int limit) const
{
    const QString wanted = text.simplified().toCaseFolded();
    if (wanted.isEmpty() || wanted.size() > longest_completed_text)
        return {};
    std::array<QStringList, 3> found;
    for (qsizetype i = 0; i < m_folded.size(); ++i)
        if (const int r = rank(m_folded[i], wanted); r < 3 && m_folded[i] != wanted)
            found[r] << m_captions[i];
    QStringList best;
    for (QStringList& group : found) {
        std::stable_sort(group.begin(), group.end(),
                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
        best << group.mid(0, limit - best.size());
    }
    return best;
}

QStringList CaptionIndex::unknownWords(const QString& prompt) const
{
    QStringList unknown;
    if (isEmpty())
        return unknown;
    const QStringList typed = words(prompt);
    for (qsizetype i = 0; i < typed.size(); ++i) {
        const bool unfinished = i + 1 == typed.size() && prompt.endsWith(typed[i]);
        if (!knows(typed[i].toCaseFolded(), unfinished) && !unknown.contains(typed[i]))
            unknown << typed[i];
    }
    return unknown;
}

bool CaptionIndex::knows(const QString& word, bool unfinished) const
{
    const auto found = std::lower_bound(m_words.begin(), m_words.end(), word);
    return found != m_words.end() && (*found == word || (unfinished && found->startsWith(word)));
}

PromptAdvice CaptionIndex::advise(const QString& prompt) const
{
    return { matches(prompt, shown_completions), unknownWords(withoutTemplates(prompt)) };
}

QStringList CaptionIndex::selection(int count, quint32 turn) const
{
    QStringList candidates;
    for (const QString& caption : m_captions)
        if (caption.size() <= 24 && !caption.contains(QLatin1Char(':'))
            && !caption.contains(QLatin1Char('(')))
            candidates << caption;
    if (candidates.size() < count)
        candidates = m_captions;
    const auto wanted = std::min<qsizetype>(count, candidates.size());
    QStringList chosen;
    for (qsizetype i = 0; i < wanted; ++i) {
        const qsizetype from = i * candidates.size() / wanted, to = (i + 1) * candidates.size() / wanted;
        chosen << candidates[from + (turn * 7919u + i * 104729u) % (to - from)];
    }
    return chosen;
}

} // namespace reverie::ui
