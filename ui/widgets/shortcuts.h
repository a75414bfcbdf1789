// SPDX-License-Identifier: MIT
#pragma once

#include <QKeySequence>
#include <QList>
#include <QObject>
#include <QString>

#include <vector>

class QAction;
class QMenuBar;
class QWidget;

namespace reverie::ui {

/// "Ctrl+Enter or Ctrl+B", as a person reads it.
QString keysText(const QList<QKeySequence>& keys);
/// The first of an action's keys, "Ctrl+Enter".
QString keyText(const QAction& action);
/// "Draw (Ctrl+Enter)"; without keys, `text` alone.
QString withKeys(const QString& text, const QAction& action);
/// "Earlier &Prompts…" as "Earlier Prompts".
QString plainText(const QAction& action);

/// Every action of a window with the keys it ships with and those the person gave it instead, which are kept
/// in the settings.
class Shortcuts : public QObject
{
    Q_OBJECT
public:
    struct Entry {
        QAction* action;
        QString id; ///< in the settings
        QString group; ///< what the page is called
        QList<QKeySequence> defaults;
        const QWidget* where; ///< its keys count there and below; null: in the whole window
    };

    using QObject::QObject;

    /// The actions that `page` and its panels own.
    void addPage(const QString& group, const QWidget& page);
    /// Those of the menus that no page owns. To be called after the pages were added.
    void addMenus(const QString& group, const QMenuBar& menus);

    [[nodiscard]] const std::vector<Entry>& entries() const { return m_entries; }
    /// Another action that these keys would be ambiguous with; null if there is none. Actions that share keys
    /// as they ship are never enabled together.
    [[nodiscard]] const Entry* conflict(const Entry& entry, const QKeySequence& keys) const;
    [[nodiscard]] static bool isChanged(const Entry& entry);
    void setKeys(const Entry& entry, const QList<QKeySequence>& keys);
    void reset(const Entry& entry);
    void resetAll();

Q_SIGNALS:
    void changed();

private:
    void add(const QString& group, const QString& owner, QAction* action);
    static void apply(const Entry& entry, const QList<QKeySequence>& keys);

    std::vector<Entry> m_entries;
};

} // namespace reverie::ui
