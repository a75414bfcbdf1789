// SPDX-License-Identifier: MIT
#pragma once

#include <QString>
#include <QStringList>

namespace reverie::ui {

/// The prompts that were drawn, newest first, each once; kept from one start to the next in the user's
/// settings. Stepping back through them starts from what is being typed, which comes back at the end.
class PromptHistory
{
public:
    PromptHistory(); ///< reads the settings

    void add(const QString& prompt);
    [[nodiscard]] const QStringList& prompts() const { return m_prompts; }
    /// Those that hold every word of `text`, in any order and case.
    [[nodiscard]] QStringList matching(const QString& text) const;

    /// The next older one; `typed` is what the first step leaves. Null at the end.
    QString older(const QString& typed);
    /// Back towards what was typed. Null if nothing was stepped through.
    QString newer();

private:
    QStringList m_prompts;
    int m_position = -1; ///< in m_prompts; -1: what is being typed
    QString m_typed;
};

} // namespace reverie::ui
