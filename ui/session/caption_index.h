// SPDX-License-Identifier: MIT
#pragma once

#include <QStringList>

#include <vector>

namespace reverie::ui {

/// What is worth saying about a prompt while it is typed.
struct PromptAdvice {
    QStringList completions; ///< best first
    QStringList unknownWords; ///< as typed; empty if the model's vocabulary is open
};

/// The captions a model was trained to draw, ready to be searched. Immutable, so any thread may ask.
class CaptionIndex
{
public:
    CaptionIndex() = default;
    explicit CaptionIndex(const std::vector<std::string>& captions);

    [[nodiscard]] bool isEmpty() const { return m_captions.isEmpty(); }
    /// Captions that contain `text` in any case: those that begin with it first, then those with a word that
    /// does, then the rest; shorter ones first. The text itself is left out.
    [[nodiscard]] QStringList matches(const QString& text, int limit) const;
    /// The words no caption has. A last word that is still being typed counts as known if it begins one.
    [[nodiscard]] QStringList unknownWords(const QString& prompt) const;
    [[nodiscard]] PromptAdvice advise(const QString& prompt) const;
    /// `count` short captions from all over the list, other ones for every `turn`.
    [[nodiscard]] QStringList selection(int count, quint32 turn) const;

private:
    [[nodiscard]] bool knows(const QString& word, bool unfinished) const;

    QStringList m_captions;
    QStringList m_folded; ///< the same, case folded
    QStringList m_words; ///< of all captions, case folded, sorted
};

} // namespace reverie::ui
